import type { Contender } from '../src/scenario.js';

type Contenders = Readonly<Record<string, Contender>>;

/** Ways of gathering rows from the page cache in Node. */
export const warmReaders = {
  zc: { runtime: 'node', module: 'node/zc' },
  'zc-threads': { runtime: 'node', module: 'node/zc', env: { ZC_IO_BACKEND: 'threads' } },
  'zc-verify': { runtime: 'node', module: 'node/zc', params: { verify: 'always' } },
  'read-fresh': { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } },
  'read-reused': { runtime: 'node', module: 'node/read', params: { buffer: 'reused' } },
  consumer: { runtime: 'node', module: 'node/consumer', yardstick: 'consumer' },
} satisfies Contenders;

/** Ways of getting batches of torch tensors: ours, the best that a few lines of NumPy do, and torch's own loader. */
export const torchLoaders = {
  zc: { runtime: 'python', module: 'python/zc', needs: ['torch'] },
  gather: torchDataLoader('gather', 0),
  'torch-dataloader': torchDataLoader('items', 0),
  'torch-dataloader-views': torchDataLoader('views', 0),
  'torch-dataloader-2': torchDataLoader('items', 2),
  consumer: { runtime: 'python', module: 'python/consumer', needs: ['torch'], yardstick: 'consumer' },
} satisfies Contenders;

/** See `python/torch_dataloader.py` for the ways to fetch. */
function torchDataLoader(fetch: 'gather' | 'items' | 'views', workers: number): Contender {
  return {
    runtime: 'python',
    module: 'python/torch_dataloader',
    params: { fetch, workers },
    needs: ['torch'],
  };
}
