import type { Contender, Reach } from '../src/scenario.js';

type Contenders = Readonly<Record<string, Contender>>;

/**
 * The loader by default and by each way that it could be told to take, and what people write.
 *
 * @param dataset - options that all of ours are given
 */
export function rowReaders(dataset: Readonly<Record<string, unknown>> = {}) {
  const zc = (params: Contender['params'] = {}): Contender => ({
    runtime: 'node',
    module: 'node/zc',
    params: { ...dataset, ...params },
  });
  return {
    zc: zc(),
    'zc-direct': zc({ mode: 'direct' }),
    'zc-copied': zc({ mode: 'copied' }),
    'zc-mapped': zc({ mode: 'mapped' }),
    'zc-threads': { ...zc(), env: { ZC_IO_BACKEND: 'threads' } },
    'zc-unpriv': { ...zc(), unprivileged: true },
    'zc-verify': zc({ verify: 'always' }),
    'read-fresh': { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } },
    'read-reused': { runtime: 'node', module: 'node/read', params: { buffer: 'reused' } },
    consumer: { runtime: 'node', module: 'node/consumer', yardstick: 'consumer' },
  } satisfies Contenders;
}

/** What the disk gives; see `node/fio.ts` for the parameters. */
export function diskLimit(params: Contender['params'] = {}): Contender {
  return { runtime: 'node', module: 'node/fio', params, needs: ['fio'], yardstick: 'limit' };
}

/** What one thread copies from the page cache. */
export const memoryLimit: Contender = {
  runtime: 'python',
  module: 'python/memcpy',
  needs: ['numpy'],
  yardstick: 'limit',
};

/** The default is within a tenth of the best fixed way. */
export const choosesWell: readonly Reach[] = [
  { subject: 'zc', than: 'zc-direct', measure: 'mb_s', factor: 0.9 },
  { subject: 'zc', than: 'zc-copied', measure: 'mb_s', factor: 0.9 },
];

const consumer: Contender = {
  runtime: 'python',
  module: 'python/consumer',
  needs: ['torch'],
  yardstick: 'consumer',
};

/** Our loader for PyTorch. */
export function torchLoader(params: Contender['params'] = {}): Contender {
  return { runtime: 'python', module: 'python/zc', params, needs: ['torch'] };
}

/** See `python/torch_dataloader.py` for the ways to fetch; of several numbers of workers the fastest is taken. */
export function torchDataLoader(fetch: 'gather' | 'items' | 'views', workers: readonly number[]): Contender {
  return {
    runtime: 'python',
    module: 'python/torch_dataloader',
    params: { fetch, workers },
    needs: ['torch'],
  };
}

/** Ours, torch's own loader as it is used, and what the batches are for. */
export const torchBasics = {
  zc: torchLoader(),
  'torch-dataloader': torchDataLoader('items', [0, 1, 2]),
  consumer,
} satisfies Contenders;

export const ffcv: Contender = { runtime: 'python', module: 'python/ffcv_raw', environment: 'ffcv' };

/** Ways of getting batches of torch tensors: ours, the best that a few lines of NumPy do, and those of others. */
export const torchLoaders = {
  ...torchBasics,
  gather: torchDataLoader('gather', [0]),
  'torch-dataloader-views': torchDataLoader('views', [0]),
  ffcv,
} satisfies Contenders;
