import type { OpenedSource } from '../../src/index.js';

/** All samples of a source. */
export async function collect(source: OpenedSource): Promise<Record<string, unknown>[]> {
  const samples: Record<string, unknown>[] = [];
  for await (const { sample } of source.rows()) samples.push(sample);
  return samples;
}
