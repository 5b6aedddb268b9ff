import type { OpenedSource } from '../../src/index.js';

/** All samples of a source. */
export async function collect(source: OpenedSource): Promise<Record<string, unknown>[]> {
  const samples: Record<string, unknown>[] = [];
  for await (const row of source.rows(0)) {
    if ('error' in row) throw row.error;
    samples.push(row.sample);
  }
  return samples;
}
