import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { fileFilter } from './file-list.js';
import { openNpy } from './npy.js';
import { sideBySide } from './row-columns.js';
import type { OpenedSource, SampleSource } from './sample-source.js';

/**
 * A folder of `.npy` files and nothing else: one field a file, named after it, and one sample a row of all of
 * them, as `np.save('image.npy', …)` and `np.save('label.npy', …)` side by side leave it.
 */
export const npyFolder: SampleSource = {
  name: 'npy-folder',

  async detect({ path, isDirectory }) {
    return isDirectory && (await arraysIn(path!)) !== undefined;
  },

  async open({ path }, options): Promise<OpenedSource> {
    const folder = path!;
    const names = ((await arraysIn(folder)) ?? []).filter(fileFilter(options));
    if (names.length === 0) {
      throw new ZcError('ZC_CONVERT_EMPTY', 'the folder holds no array to pack', { path: folder });
    }
    const columns = await Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        return { title: name, path, source: await openNpy(path) };
      }),
    );
    const facts = [`${names.length} NumPy arrays of ${columns[0]!.source.samples} rows: ${names.join(', ')}`];
    return sideBySide(columns, { facts });
  },
};

/** The arrays of a folder in the order of their names, or undefined where it holds anything else. */
async function arraysIn(folder: string): Promise<string[] | undefined> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  return names.length > 0 && names.every((name) => /\.npy$/i.test(name)) ? names : undefined;
}
