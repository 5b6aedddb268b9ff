import { setTimeout } from 'node:timers/promises';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import {
  type Batch,
  DataLoader,
  type DataLoaderOptions,
  type TensorColumn,
  toFloat,
  type UserTransform,
} from '../../src/index.js';
import { writeDataset } from '../helpers/datasets.js';

const COUNT = 60;
const schema = defineSchema({ image: field.tensor('uint8', [4, 4]), label: field.scalar('int64') });
const written = writeDataset(
  schema,
  Array.from({ length: COUNT }, (_, i) => ({ image: new Uint8Array(16).fill(i), label: BigInt(i) })),
  { shardBytes: 20_000 },
);
const moduleUrl = (name: string) => new URL(`./modules/${name}.mjs`, import.meta.url);
type Fields = Record<string, TensorColumn>;

async function open(options: DataLoaderOptions): Promise<DataLoader> {
  return DataLoader.open(await written, { batchSize: 8, shuffle: true, seed: 3, ...options });
}

/** Of each sample, its row of a field in one epoch; and the ids in their order. */
async function epochOf(loader: DataLoader, name: string) {
  const rows = new Map<number, string>();
  const order: number[] = [];
  for await (const batch of loader as AsyncIterable<Batch>) {
    const { data } = (batch.fields as Fields)[name]!;
    const perRow = data.length / batch.length;
    batch.indices.forEach((id, row) => {
      rows.set(id, data.slice(row * perRow, (row + 1) * perRow).join());
    });
    order.push(...batch.indices);
  }
  return { rows, order };
}

test('a module runs in worker threads, in the slots themselves, and order is kept', async () => {
  await using plain = await open({});
  const { order } = await epochOf(plain, 'label');
  await using loader = await open({ transform: moduleUrl('brighten'), workers: 3, prefetchBatches: 6 });
  const threads = new Set<number>();
  // As long as it takes until a second thread has started.
  for (let epoch = 0; threads.size < 2; epoch++) {
    const seen: number[] = [];
    for await (const batch of loader as AsyncIterable<Batch>) {
      const { image, label, bright, thread } = batch.fields as Fields;
      batch.indices.forEach((id, row) => {
        expect(label!.data[row]).toBe(BigInt(id) + 1000n);
        expect(image!.data[row * 16]).toBe(id);
        const by = Number(bright!.data[row * 16]) - id;
        expect(by).toBeGreaterThanOrEqual(0);
        expect(by).toBeLessThan(1);
        threads.add(Number(thread!.data[row]));
      });
      expect(bright!.shape).toEqual([batch.length, 4, 4]);
      seen.push(...batch.indices);
    }
    if (epoch === 0) expect(seen).toEqual(order);
  }
  expect(threads.has(0)).toBe(false);
});

test('what is random depends on seed, epoch and position alone, here as in a thread', async () => {
  const url = moduleUrl('brighten');
  await using threads = await open({ transform: url, workers: 2 });
  const wanted = await epochOf(threads, 'bright');
  const module = (await import(url.href)) as UserTransform;
  await using here = await open({ transform: module, batchSize: 11, prefetchBatches: 1 });
  expect((await epochOf(here, 'bright')).rows).toEqual(wanted.rows);
  // The next epoch draws others.
  expect((await epochOf(here, 'bright')).rows).not.toEqual(wanted.rows);
});

test('a field of the module’s takes the place of the one with its name, after the built-in transforms', async () => {
  await using loader = await open({
    transform: moduleUrl('replace'),
    transforms: { image: [toFloat({ scale: false })] },
  });
  for await (const batch of loader as AsyncIterable<Batch>) {
    const { image } = batch.fields as Fields;
    expect([image!.dtype, ...image!.shape]).toEqual(['float64', batch.length, 2]);
    const wanted = Array.from(batch.indices, (id) => [id, -1]).flat();
    expect(Array.from(image!.data, Number)).toEqual(wanted);
  }
});

test('a function runs on this thread and changes the batch in place', async () => {
  let calls = 0;
  await using loader = await open({
    transform(batch) {
      // The epoch behind may be read ahead.
      if (batch.epoch < 2) calls++;
      (batch.fields as Fields).label!.data.fill(BigInt(batch.epoch) as never);
    },
  });
  for (let epoch = 0; epoch < 2; epoch++) {
    for await (const batch of loader as AsyncIterable<Batch>) {
      const { label } = batch.fields as Fields;
      expect(new Set(label!.data as BigInt64Array)).toEqual(new Set([BigInt(epoch)]));
    }
  }
  // Batches of the epoch behind these may have been begun.
  expect(calls).toBeGreaterThanOrEqual(16);
});

test('an error carries its samples: one where the module goes through the rows, else those of the batch', async () => {
  await using loader = await open({ transform: moduleUrl('fail') });
  const error = await failure('ZC_TRANSFORM', () => epochOf(loader, 'label'));
  expect(error.details.samples).toEqual([17]);
  expect(error.message).toContain('RangeError: too bright');
  expect((error.cause as Error).stack).toContain('fail.mjs');
  await using here = await open({
    transform: () => {
      throw new Error('never');
    },
  });
  const whole = await failure('ZC_TRANSFORM', () => epochOf(here, 'label'));
  expect(whole.details.samples).toHaveLength(8);
});

test('a thread that ends is an error, and the next iteration has another one', async () => {
  await using loader = await open({ transform: moduleUrl('exit'), workers: 2 });
  for (let round = 0; round < 2; round++) {
    const error = await failure('ZC_TRANSFORM', () => epochOf(loader, 'label'));
    expect(error.message).toContain('exit code was 5');
    expect(error.details.samples).toContain(17);
  }
});

test('what a module posts to its parent is taken for none of its answers', async () => {
  await using loader = await open({ transform: moduleUrl('posts'), workers: 2 });
  for (let epoch = 0; epoch < 2; epoch++) expect((await epochOf(loader, 'label')).order).toHaveLength(COUNT);
});

test('an error that has no words is one all the same', async () => {
  await using loader = await open({ transform: moduleUrl('wordless'), workers: 2 });
  const error = await failure('ZC_TRANSFORM', () => epochOf(loader, 'label'));
  expect(error.details.samples).toHaveLength(8);
});

test('closing ends a transform that never ends by itself', async () => {
  const loader = await open({ transform: moduleUrl('hang'), workers: 2 });
  const waiting = failure('ZC_CLOSED', () => epochOf(loader, 'label'));
  await setTimeout(200);
  await loader.close();
  await waiting;
  await failure('ZC_CLOSED', () => epochOf(loader, 'label'));
});

test('nobody waits for a transform that never ends once the signal has come', async () => {
  for (const transform of [moduleUrl('hang'), () => new Promise<void>(() => {})]) {
    const controller = new AbortController();
    await using loader = await open({ transform, workers: 2, signal: controller.signal });
    const waiting = failure('ZC_ABORTED', () => epochOf(loader, 'label'));
    await setTimeout(200);
    controller.abort();
    await waiting;
  }
});

test('what is at work for an iteration that was left keeps its slot, and holds up no other', async () => {
  const late: (() => void)[] = [];
  await using loader = await open({
    async transform(batch) {
      if (batch.epoch === 0) await new Promise<void>((resolve) => late.push(resolve));
      (batch.fields as Fields).label!.data.fill(BigInt(batch.epoch) as never);
    },
  });
  const left = failure('ZC_SUPERSEDED', () => epochOf(loader, 'label'));
  while (late.length === 0) await setTimeout(1);
  const labels = new Set<string>();
  for await (const batch of loader as AsyncIterable<Batch>) {
    for (const resolve of late.splice(0)) resolve();
    for (const label of (batch.fields as Fields).label!.data) labels.add(String(label));
  }
  await left;
  expect([...labels]).toEqual(['1']);
});

test('a module that cannot be loaded, or is none', async () => {
  await using missing = await open({ transform: moduleUrl('missing') });
  await failure('ZC_TRANSFORM', () => epochOf(missing, 'label'));
  await using none = await open({ transform: moduleUrl('no-function') });
  const error = await failure('ZC_TRANSFORM', () => epochOf(none, 'label'));
  expect(error.message).toContain('default export');
  await failure('ZC_ARGUMENT', () => open({ transform: './augment.mjs' as never }));
  await failure('ZC_ARGUMENT', () => open({ workers: 0 }));
});
