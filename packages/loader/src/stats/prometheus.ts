import { ZcError } from '@zc/errors';
import { Counter, Gauge, type Registry, register } from 'prom-client';
import type { DataLoader } from '../data-loader.js';
import type { LoaderCounts } from './stats.js';

export interface MetricsOptions {
  /** Where the metrics are registered; prom-client's own registry by default. */
  registry?: Registry | undefined;
  /** What tells this loader from others of the registry: the label `loader`; `default`. */
  name?: string | undefined;
}

/**
 * Exports what a loader counts to Prometheus, through prom-client.
 *
 * The counters are read when they are asked for: between scrapes this costs nothing. `zc_loader_bottleneck` is 1
 * for what held the loader up since the scrape before (see `Verdict`).
 *
 * @returns takes this loader's metrics away again; call it when the loader is closed
 * @throws ZC_ARGUMENT for a name that another loader of the registry has
 * @example
 * const unregister = registerMetrics(loader, { name: 'train' });
 * server.get('/metrics', async (_, response) => response.send(await register.metrics()));
 */
export function registerMetrics(
  loader: DataLoader,
  { registry = register, name = 'default' }: MetricsOptions = {},
): () => void {
  let loaders = loadersOf.get(registry);
  if (loaders === undefined) {
    loaders = new Map();
    loadersOf.set(registry, loaders);
    addMetrics(registry, loaders);
  }
  if (loaders.has(name)) {
    throw new ZcError('ZC_ARGUMENT', `the registry has the metrics of another loader called "${name}"`, {
      advice: 'Give each loader a `name` of its own, or take the metrics of the other one away first.',
    });
  }
  const own = loaders;
  own.set(name, { loader, scraped: loader.stats() });
  return () => own.delete(name);
}

interface Exported {
  readonly loader: DataLoader;
  /** Its counters at the last scrape. */
  scraped: LoaderCounts;
}

const loadersOf = new WeakMap<Registry, Map<string, Exported>>();

const COUNTERS: readonly { name: string; help: string; value: (counts: LoaderCounts) => number }[] = [
  { name: 'batches', help: 'Batches handed out', value: ({ batches }) => batches },
  { name: 'samples', help: 'Samples handed out', value: ({ samples }) => samples },
  { name: 'stalls', help: 'Batches not ready when asked for', value: ({ stalls }) => stalls },
  {
    name: 'ready_batches',
    help: 'Batches ready whenever one was asked for, added up; by zc_loader_batches_total, the queue depth',
    value: ({ readyBatches }) => readyBatches,
  },
  { name: 'read_bytes', help: 'Bytes that reads brought', value: ({ bytesRead }) => bytesRead },
  {
    name: 'resident_bytes',
    help: 'Bytes found in the page cache',
    value: ({ bytesResident }) => bytesResident,
  },
  {
    name: 'direct_bytes',
    help: 'Bytes that came by O_DIRECT into the batch itself',
    value: ({ bytesDirect }) => bytesDirect,
  },
  { name: 'copied_bytes', help: 'Bytes copied by a processor', value: ({ bytesCopied }) => bytesCopied },
];

/** Parts of the time; they overlap. */
const PARTS: Readonly<Record<string, (counts: LoaderCounts) => number>> = {
  step: ({ stepMs }) => stepMs,
  wait: ({ waitedMs }) => waitedMs,
  read: ({ readMs }) => readMs,
  copy: ({ copyMs }) => copyMs,
  check: ({ checkMs }) => checkMs,
  finish: ({ finishMs }) => finishMs,
  plan: ({ planMs }) => planMs,
  tables: ({ lookupMs }) => lookupMs,
  slot: ({ slotMs }) => slotMs,
};

function addMetrics(registry: Registry, loaders: ReadonlyMap<string, Exported>): void {
  const registers = [registry];
  for (const { name, help, value } of COUNTERS) {
    new Counter({
      name: `zc_loader_${name}_total`,
      help,
      labelNames: ['loader'],
      registers,
      collect() {
        this.reset();
        for (const [loader, exported] of loaders) this.inc({ loader }, value(exported.loader.stats()));
      },
    });
  }
  new Counter({
    name: 'zc_loader_seconds_total',
    help: 'Where the time went; parts overlap, and copy and check are CPU time of several threads',
    labelNames: ['loader', 'part'],
    registers,
    collect() {
      this.reset();
      for (const [loader, exported] of loaders) {
        const stats = exported.loader.stats();
        for (const [part, ms] of Object.entries(PARTS)) this.inc({ loader, part }, ms(stats) / 1000);
      }
    },
  });
  new Gauge({
    name: 'zc_loader_bottleneck',
    help: 'What held the loader up since the scrape before: 1 for the label that says it',
    labelNames: ['loader', 'by'],
    registers,
    collect() {
      this.reset();
      for (const [loader, exported] of loaders) {
        const now = exported.loader.stats();
        this.set({ loader, by: exported.loader.stats(exported.scraped).verdict.by }, 1);
        exported.scraped = now;
      }
    },
  });
}
