import { EventEmitter, once } from 'node:events';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset } from '../src/index.js';
import { writeDataset } from './helpers/datasets.js';

const schema = defineSchema({ id: field.scalar('int32'), wide: field.tensor('uint8', [20_000]) });
const written = writeDataset(
  schema,
  Array.from({ length: 20 }, (_, id) => ({ id, wide: new Uint8Array(20_000).fill(id) })),
);

test('the iteration gives what collate makes of each batch, which is released as ever', async () => {
  await using dataset = await Dataset.open<typeof schema>(await written);
  const batches: Batch<typeof schema>[] = [];
  const loader = new DataLoader(dataset, {
    batchSize: 8,
    async collate(batch: Batch<typeof schema>) {
      batches.push(batch);
      await new Promise(setImmediate);
      return { sum: batch.id.data.reduce((sum, id) => sum + id, 0), id: batch.id.data };
    },
  });
  const sums: number[] = [];
  const views: Int32Array[] = [];
  for await (const { sum, id } of loader) {
    sums.push(sum);
    expect(id.length).toBeGreaterThan(0);
    views.push(id);
  }
  expect(sums).toEqual([28, 92, 70]);
  expect(batches.every(({ released }) => released)).toBe(true);
  expect(views.map(({ length }) => length)).toEqual([0, 0, 0]);
  await loader.close();
});

test('what collate makes while the iteration is ended is handed to nobody', async () => {
  await using dataset = await Dataset.open<typeof schema>(await written);
  for (const [code, end] of [
    ['ZC_CLOSED', (loader: DataLoader) => loader.close()],
    ['ZC_SUPERSEDED', async (loader: DataLoader) => loader.loadStateDict(loader.stateDict())],
  ] as const) {
    const events = new EventEmitter();
    const begun = once(events, 'begun');
    await using loader = new DataLoader(dataset, {
      batchSize: 8,
      async collate(batch: Batch<typeof schema>) {
        const ended = once(events, 'ended');
        events.emit('begun');
        await ended;
        return batch;
      },
    });
    const waiting = failure(code, () => loader[Symbol.asyncIterator]().next());
    await begun;
    const ended = end(loader as unknown as DataLoader);
    events.emit('ended');
    await Promise.all([waiting, ended]);
  }
});

test('what collate throws ends the iteration', async () => {
  await using dataset = await Dataset.open<typeof schema>(await written);
  await using loader = new DataLoader(dataset, {
    collate() {
      throw new RangeError('no');
    },
  });
  const iterator = loader[Symbol.asyncIterator]();
  await expect(iterator.next()).rejects.toThrow(RangeError);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
  await failure('ZC_ARGUMENT', () => DataLoader.open(dataset.shards[0]!.path, { collate: 'stack' as never }));
});

test('fields that are not asked for are not read', async () => {
  for (const mode of ['direct', 'copied', 'auto'] as const) {
    await using loader = await DataLoader.open<typeof schema>(await written, {
      batchSize: 8,
      mode,
      fields: ['id'],
    });
    for await (const batch of loader) expect(Object.keys(batch.fields)).toEqual(['id']);
    const { bytesDirect, bytesStaged, bytesCopied, bytesResident } = loader.stats();
    expect(bytesDirect + bytesStaged + bytesCopied + bytesResident).toBeLessThan(20_000);
    await using whole = await DataLoader.open<typeof schema>(await written, { batchSize: 8, mode });
    for await (const batch of whole) expect(batch.length).toBeGreaterThan(0);
    const read = whole.stats();
    expect(read.bytesDirect + read.bytesCopied).toBeGreaterThanOrEqual(20 * 20_000);
  }
});
