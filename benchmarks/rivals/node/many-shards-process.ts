/**
 * The process of `many-shards.ts`: opens a dataset of very many shards, reads its first batch, goes on from several
 * places, and prints what that took. Arguments: the directory, samples of a shard, batch size.
 */
import { readFileSync } from 'node:fs';
import { quantile } from '../../src/statistics.js';

/** Where an epoch is taken up again, as a part of it. */
const RESTORED_AT = [0.1, 0.5, 0.9];

const [directory = '', samplesOfShard, batchOf] = process.argv.slice(2);
const batchSize = Number(batchOf);
let [samples, bytes] = [0, 0];

const bareMb = ownMb();
const { DataLoader, Dataset } = await import('@zc/loader');
const [openMs, dataset] = await timed(() => Dataset.open(directory));
const openMb = ownMb() - bareMb;
const options = { batchSize, shuffle: true, seed: 7 };
const loader = new DataLoader(dataset, options);
const [firstMs] = await timed(() => takeBatch(loader));
const [againMs] = await timed(() => takeBatch(loader));
const state = loader.stateDict();
await loader.close();

const restores: number[] = [];
for (const part of RESTORED_AT) {
  await using restored = new DataLoader(dataset, options);
  const position = Math.floor((dataset.length * part) / batchSize) * batchSize;
  restored.loadStateDict({ ...state, position });
  const [ms] = await timed(() => takeBatch(restored));
  restores.push(ms);
}
await dataset.close();
const figures = {
  open_ms: openMs,
  open_mb: openMb,
  first_ms: firstMs,
  again_ms: againMs,
  restore_ms: quantile(restores, 0.5),
};
process.stdout.write(JSON.stringify({ samples, bytes, figures }));

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

/** The next batch of an epoch, its labels checked. */
async function takeBatch(from: InstanceType<typeof DataLoader>): Promise<void> {
  for await (const batch of from) {
    const { x, label } = batch.fields as unknown as Record<
      'x' | 'label',
      { data: BigInt64Array | Uint8Array }
    >;
    Array.from(batch.indices).forEach((id, i) => {
      if (label.data[i] === BigInt(id % Number(samplesOfShard))) return;
      throw new Error(`sample ${id} has the label ${label.data[i]}`);
    });
    samples += batch.length;
    bytes += x.data.byteLength + label.data.byteLength;
    return;
  }
}

/** Memory of this process alone: pages of mapped files are the page cache's. */
function ownMb(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  const kb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return ((kb('RssAnon') + kb('RssShmem')) * 1024) / 1e6;
}
