import type { Contender, Reach } from '../src/scenario.js';

/** Ways of putting rows that lie in memory on the disk as a dataset: ours, the others' formats, and what the disk gives. */
export const rowWriters = {
  zc: { runtime: 'node', module: 'node/pack', params: { sha256: true } },
  'zc-nosha': { runtime: 'node', module: 'node/pack', params: { sha256: false } },
  npy: { runtime: 'python', module: 'python/write_npy', needs: ['numpy'] },
  tfrecord: rival('tfrecord', 'tensorflow'),
  webdataset: rival('webdataset', 'torch'),
  mds: rival('mds', 'streaming'),
  'litdata-2': rival('litdata', 'torch'),
  limit: {
    runtime: 'node',
    module: 'node/fio-write',
    params: { depth: 8 },
    needs: ['fio'],
    yardstick: 'limit',
  },
} satisfies Readonly<Record<string, Contender>>;

function rival(file: string, environment: string): Contender {
  return { runtime: 'python', module: `python/write_${file}`, environment };
}

/** Against each of the formats that people write today. */
export const beatsWriters: readonly Reach[] = [
  { subject: 'zc', than: 'tfrecord', measure: 'mb_s', factor: 2 },
  { subject: 'zc', than: 'npy', measure: 'mb_s', factor: 2 },
  { subject: 'zc', than: 'mds', measure: 'mb_s', factor: 4 },
  { subject: 'zc', than: 'webdataset', measure: 'mb_s', factor: 4 },
  { subject: 'zc', than: 'litdata-2', measure: 'mb_s', factor: 4 },
];
