import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { defineSchema, field, type TensorField } from '@zc/format';
import { openNpy } from './npy.js';
import type { OpenedSource, SampleSource, SourceRow } from './sample-source.js';

/**
 * A folder of `.npy` files and nothing else: one field a file, named after it, and one sample a row of all of
 * them, as `np.save('image.npy', …)` and `np.save('label.npy', …)` side by side leave it.
 */
export const npyFolder: SampleSource = {
  name: 'npy-folder',

  async detect({ path, isDirectory }) {
    return isDirectory && (await arraysIn(path!)) !== undefined;
  },

  async open({ path }): Promise<OpenedSource> {
    const folder = path!;
    const names = (await arraysIn(folder))!;
    const columns = await Promise.all(names.map((name) => openNpy(join(folder, name))));
    const samples = columns[0]!.samples!;
    const other = columns.findIndex((column) => column.samples !== samples);
    if (other > 0) {
      const actual = columns[other]!.samples;
      throw new ZcError('ZC_CONVERT_MIXED', `the array has ${actual} rows, ${names[0]} has ${samples}`, {
        path: join(folder, names[other]!),
        expected: samples,
        actual,
        advice: 'Every array needs one row a sample; save them again from the same samples.',
      });
    }
    const fields = columns.map(({ schema }) => schema.fields[0] as TensorField);
    return {
      schema: defineSchema(
        Object.fromEntries(fields.map(({ name, dtype, shape }) => [name, field.tensor(dtype, shape)])),
      ),
      samples,
      bytes: columns.reduce((sum, { bytes }) => sum + bytes!, 0),
      facts: [`${names.length} NumPy arrays of ${samples} rows: ${names.join(', ')}`],
      async *rows(from): AsyncGenerator<SourceRow> {
        const iterators = columns.map((column) => column.rows(from)[Symbol.asyncIterator]());
        try {
          for (let row = from; row < samples; row++) {
            const parts = await Promise.all(iterators.map((iterator) => iterator.next()));
            const rows = parts.map((part) => part.value as SourceRow);
            yield {
              sample: Object.assign({}, ...rows.map(({ sample }) => sample)),
              bytesRead: rows.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
            };
          }
        } finally {
          for (const iterator of iterators) await iterator.return?.();
        }
      },
    };
  },
};

/** The arrays of a folder in the order of their names, or undefined where it holds anything else. */
async function arraysIn(folder: string): Promise<string[] | undefined> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  return names.length > 0 && names.every((name) => /\.npy$/i.test(name)) ? names : undefined;
}
