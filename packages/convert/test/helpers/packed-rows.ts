import { join } from 'node:path';
import { openDataset } from '@zc/format/node';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';
import { type PackOptions, type PackReport, pack } from '../../src/index.js';

/** Packs, and reads everything back. */
export async function packedRows(options: Omit<PackOptions, 'output'>): Promise<{
  rows: Record<string, unknown>[];
  fields: Record<string, unknown>[];
  metadata: Readonly<Record<string, string>>;
  report: PackReport;
}> {
  const output = join(temporaryDirectory(), 'out');
  const report = await pack({ ...options, output });
  await using dataset = await openDataset(output);
  const rows: Record<string, unknown>[] = [];
  for await (const row of dataset.rows()) rows.push(row as Record<string, unknown>);
  const { fields, metadata } = dataset.manifest.schema;
  return { rows, fields: fields as unknown as Record<string, unknown>[], metadata, report };
}
