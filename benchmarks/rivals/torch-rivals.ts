import type { Contender } from '../src/scenario.js';
import { ffcv, torchBasics, torchDataLoader } from './contenders.js';

/**
 * Other libraries that hand out batches for training, each configured as its documentation recommends: how, is in
 * its file. Two of one library where its default and a setting that suits these rows are far apart.
 */
export const torchRivals = {
  ...torchBasics,
  gather: torchDataLoader('gather', [0]),
  ffcv,
  datasets: rival('hf_datasets', 'torch', { column: 'list' }),
  'datasets-binary': rival('hf_datasets', 'torch', { column: 'large_binary' }),
  'tf-data': rival('tf_data', 'tensorflow'),
  webdataset: rival('webdataset_tar', 'torch', { workers: 0 }),
  mds: rival('mosaicml_streaming', 'streaming', { dataset: 'streaming' }),
  'mds-local': rival('mosaicml_streaming', 'streaming', { dataset: 'local' }),
  litdata: rival('litdata_chunks', 'torch'),
  grain: rival('grain_rows', 'grain', { source: 'array_record', threads: 16 }),
  'grain-inline': rival('grain_rows', 'grain', { source: 'array_record', threads: 0 }),
  'grain-memmap': rival('grain_rows', 'grain', { source: 'memmap', threads: 0 }),
  lance: rival('lance_rows', 'torch', { shuffle: 'rows' }),
  'lance-batches': rival('lance_rows', 'torch', { shuffle: 'batches' }),
  spdl: rival('spdl_gather', 'torch'),
  safetensors: rival('safetensors_map', 'torch'),
  'torchdata-nodes': rival('torchdata_nodes', 'torch'),
} satisfies Readonly<Record<string, Contender>>;

function rival(file: string, environment: string, params: Contender['params'] = {}): Contender {
  return { runtime: 'python', module: `python/${file}`, environment, params };
}
