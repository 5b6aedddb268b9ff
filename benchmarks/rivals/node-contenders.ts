import type { Contender } from '../src/scenario.js';
import { rowReaders } from './contenders.js';

type Contenders = Readonly<Record<string, Contender>>;

/** As Node programs get at stored rows: our loader, what people write, and a database. */
export function nodeLoaders(dataset: Readonly<Record<string, unknown>> = {}) {
  const ours = rowReaders(dataset);
  return {
    zc: ours.zc,
    'zc-mapped': ours['zc-mapped'],
    'read-fresh': ours['read-fresh'],
    'read-reused': ours['read-reused'],
    'read-batch': node('read', { buffer: 'batch' }),
    'fs-promises': node('fs-promises'),
    stream: node('stream'),
    'stream-1m': node('stream', { highWaterMark: 2 ** 20 }),
    lmdb: lmdb('copy'),
    consumer: ours.consumer,
  } satisfies Contenders;
}

/** How sets of images mostly lie. */
export const filePerSample = {
  'file-per-sample': node('file-per-sample', { by: 'promises' }),
  'file-per-sample-sync': node('file-per-sample', { by: 'sync' }),
} satisfies Contenders;

/** Files of tables: the whole in memory, or decoded by row groups. */
export const tableReaders = {
  'arrow-ipc': { ...node('arrow-ipc'), packages: ['apache-arrow'] },
  parquet: { ...node('parquet'), packages: ['hyparquet', 'hyparquet-writer'] },
} satisfies Contenders;

/** See `node/lmdb.ts` for the ways to get a value. */
export function lmdb(get: 'copy' | 'fast' | 'many'): Contender {
  return { ...node('lmdb', { get }), packages: ['lmdb'] };
}

function node(module: string, params: Contender['params'] = {}): Contender {
  return { runtime: 'node', module: `node/${module}`, params };
}

/** One sample at a time, by its id, each call timed. */
export const getters = {
  zc: node('get-zc'),
  'read-fresh': node('get-read', { buffer: 'fresh' }),
  'read-reused': node('get-read', { buffer: 'reused' }),
  lmdb: { ...node('get-lmdb'), packages: ['lmdb'] },
} satisfies Contenders;
