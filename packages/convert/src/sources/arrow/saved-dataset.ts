import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { refuseBeyond } from '../../limits.js';
import type { SampleSource } from '../sample-source.js';
import { openTables } from '../tables/table-source.js';
import { openArrowFile } from './arrow-file.js';

/**
 * What `save_to_disk` of Hugging Face `datasets` writes: a folder of Arrow streams, listed in `state.json` and
 * described in `dataset_info.json`. Class names go to the schema's metadata.
 *
 * A folder of several splits holds a dataset for each: name one of them.
 */
export const savedDataset: SampleSource = {
  name: 'hugging-face',

  async detect({ isDirectory, path }) {
    if (!isDirectory) return false;
    return (await isThere(join(path!, 'state.json'))) || (await isThere(join(path!, 'dataset_dict.json')));
  },

  async open({ path }) {
    const folder = path!;
    if (!(await isThere(join(folder, 'state.json')))) throw await severalSplits(folder);
    const state = await readJson(join(folder, 'state.json'));
    const files = namesIn(state, join(folder, 'state.json'));
    const info = (await isThere(join(folder, 'dataset_info.json')))
      ? await readJson(join(folder, 'dataset_info.json'))
      : {};
    if (state._indices_data_files !== undefined && state._indices_data_files !== null) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the rows are chosen by a list of indices beside them', {
        path: folder,
        advice: 'Save it with dataset.flatten_indices().save_to_disk(path).',
      });
    }
    return openTables({
      title: `a dataset of Hugging Face${typeof state._split === 'string' ? `, split ${state._split}` : ''}`,
      paths: files.map((name) => join(folder, name)),
      open: openArrowFile,
      features: objectIn(info.features),
    });
  },
};

async function severalSplits(folder: string): Promise<ZcError> {
  const path = join(folder, 'dataset_dict.json');
  const { splits } = await readJson(path);
  const names = Array.isArray(splits) ? splits.filter((name) => typeof name === 'string') : [];
  return new ZcError('ZC_ARGUMENT', `the folder holds several splits: ${names.join(', ')}`, {
    path: folder,
    advice: `Name one of them: ${names.map((name) => join(folder, name)).join(', ')}.`,
  });
}

/** The files of the table, which lie in the folder itself: a name that leads elsewhere is refused. */
function namesIn(state: Record<string, unknown>, path: string): string[] {
  const files = state._data_files;
  const names = Array.isArray(files) ? files.map((file) => (file as { filename?: unknown })?.filename) : [];
  const wrong = names.find(
    (name) => typeof name !== 'string' || !/^[^/\\\0]+$/.test(name) || name.startsWith('.'),
  );
  if (names.length > 0 && wrong === undefined) return names as string[];
  throw new ZcError(
    'ZC_CONVERT_SOURCE',
    names.length === 0
      ? 'it lists no data files'
      : `it lists ${JSON.stringify(wrong)}, which is no file of this folder`,
    { path },
  );
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  const { size } = await stat(path);
  refuseBeyond('TABLE_METADATA_BYTES_MAX', size, 'the length of the file', { path });
  try {
    return objectIn(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', 'the file is not JSON', { path, cause });
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
