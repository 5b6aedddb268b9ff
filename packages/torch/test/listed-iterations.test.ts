import { defineSchema, field } from '@zc/format';
import { DataLoader } from '@zc/loader';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeDataset } from '../../loader/test/helpers/datasets.js';
import { ClientKind } from '../src/client-message.js';
import { ServerKind } from '../src/protocol.js';
import { Server } from './helpers/server.js';

const COUNT = 40_000;
const BATCH = 3000;
const schema = defineSchema({ row: field.scalar('uint8') });
let directory: string;
beforeAll(async () => {
  const samples = Array.from({ length: COUNT }, (_, i) => ({ row: i % 256 }));
  directory = await writeDataset(schema, samples);
});

let server: Server;
beforeEach(async () => {
  const started = await Server.start();
  server = started;
  return () => started[Symbol.asyncDispose]();
});

const order = { shuffle: { blocks: 5000, window: 2000 }, seed: 3 };

async function open(loader: number, options: Record<string, unknown> = {}): Promise<void> {
  const answer = await server.ask('open', {
    loader,
    paths: [directory],
    options: { batch_size: BATCH, drop_last: false, ...order, ...options },
  });
  expect(answer.ok).toMatchObject({ samples: COUNT });
}

const iterate = (loader: number, iteration: number, more: Record<string, unknown> = {}) =>
  server.ask('iterate', {
    ...{ loader, iteration, epoch: 0, position: 0, rank: 0, world_size: 1, ahead: 2, listed: true },
    ...more,
  });

/** The ids of one message, and the number of its first batch. */
function idsOf(payload: Buffer, iteration: number): { first: number; ids: number[] } {
  expect([payload.readUInt32LE(0), payload.readUInt32LE(4)]).toEqual([ServerKind.ids, iteration]);
  const ids = Array.from({ length: (payload.length - 12) / 8 }, (_, i) =>
    Number(payload.readBigInt64LE(12 + 8 * i)),
  );
  return { first: payload.readUInt32LE(8), ids };
}

/** All ids of an iteration, up to its end. */
async function listed(loader: number, iteration: number, batchSize = BATCH): Promise<number[]> {
  const all: number[] = [];
  let payload = await server.next(loader);
  while (payload.readUInt32LE(0) !== ServerKind.end) {
    const { first, ids } = idsOf(payload, iteration);
    expect(first * batchSize).toBe(all.length);
    all.push(...ids);
    server.say(loader, ClientKind.waiting, iteration, Math.ceil(all.length / batchSize));
    payload = await server.next(loader);
  }
  expect(payload.readUInt32LE(4)).toBe(iteration);
  return all;
}

/** The same of a loader that reads the batches. */
async function iterated(loader: DataLoader): Promise<number[]> {
  const ids: number[] = [];
  for await (const batch of loader) ids.push(...batch.indices);
  return ids;
}

it('ids are those of an ordinary iteration', async () => {
  await open(1);
  await using loader = (await DataLoader.open(directory, { batchSize: BATCH, ...order })) as DataLoader;
  for (let epoch = 0; epoch < 2; epoch++) {
    expect(await iterate(1, epoch + 1, { epoch })).toMatchObject({ ok: {} });
    const ids = await listed(1, epoch + 1);
    expect(ids).toHaveLength(COUNT);
    expect(ids).toEqual(await iterated(loader));
  }
});

it('of one rank, from a position in the middle of an epoch', async () => {
  await open(1, { drop_last: true });
  const share = { rank: 1, worldSize: 2 };
  const options = { batchSize: BATCH, dropLast: true, ...share, ...order };
  await using loader = (await DataLoader.open(directory, options)) as DataLoader;
  loader.loadStateDict({ ...loader.stateDict(), epoch: 5, position: 2 * BATCH });
  const place = { epoch: 5, position: 2 * BATCH, rank: 1, world_size: 2 };
  await iterate(1, 1, place);
  const ids = await listed(1, 1);
  expect(ids).toHaveLength(5 * BATCH);
  expect(ids).toEqual(await iterated(loader));
});

it('nothing more comes unasked, and a wait out of turn ends the connection', async () => {
  await open(1);
  await iterate(1, 1);
  expect(idsOf(await server.next(1), 1)).toMatchObject({ first: 0, ids: { length: 10 * BATCH } });
  await server.ask('stats', {});
  expect(server.waiting(1)).toBe(0);
  server.say(1, ClientKind.waiting, 1, 11);
  expect(await server.lastError()).toMatchObject({
    error: { code: 'ZC_TORCH_PROTOCOL', expected: 10, actual: 11 },
  });
});

describe('an iteration ends', () => {
  it('when it is stopped: no wait for it is heard', async () => {
    await open(1);
    await iterate(1, 1);
    await server.next(1);
    server.say(1, ClientKind.stop, 1, 0);
    server.say(1, ClientKind.waiting, 1, 10);
    await server.ask('stats', {});
    await server.ask('stats', {});
    expect(server.waiting(1)).toBe(0);
  });

  it('when another one begins, of either kind', async () => {
    await open(1, { batch_size: 100 });
    await iterate(1, 1, { listed: false });
    await iterate(1, 2);
    let payload = await server.next(1);
    while (payload.readUInt32LE(0) === ServerKind.batch) payload = await server.next(1);
    expect(idsOf(payload, 2).ids).toHaveLength(32_700);
    await iterate(1, 3, { epoch: 1, listed: undefined });
    server.say(1, ClientKind.waiting, 2, 327);
    const batch = await server.next(1);
    expect([batch.readUInt32LE(0), batch.readUInt32LE(4)]).toEqual([ServerKind.batch, 3]);
  });

  it('with its loader', async () => {
    await open(1);
    await iterate(1, 1);
    await server.next(1);
    server.say(1, ClientKind.close, 0, 0);
    server.say(1, ClientKind.waiting, 1, 10);
    expect(await server.ask('stats', {})).toMatchObject({ ok: { loaders: 0 } });
    expect(server.waiting(1)).toBe(0);
  });
});

it('an epoch without batches ends at once', async () => {
  await open(1, { batch_size: COUNT + 1, drop_last: true });
  await iterate(1, 1);
  const payload = await server.next(1);
  expect([payload.readUInt32LE(0), payload.readUInt32LE(4)]).toEqual([ServerKind.end, 1]);
});

it('batches that are too large, or a sampler, are refused in the answer', async () => {
  await open(1, { batch_size: 65_537 });
  await open(2);
  for (const answer of [await iterate(1, 1), await iterate(2, 1, { sampled: BATCH })]) {
    expect(answer).toMatchObject({ error: { code: 'ZC_TORCH_PROTOCOL' } });
  }
  expect(await iterate(2, 2)).toMatchObject({ ok: {} });
  expect(await listed(2, 2)).toHaveLength(COUNT);
});

it('what the client gathered is counted with what the loader read, also in the verdict', async () => {
  await open(1);
  await iterate(1, 1);
  const gathered = { batches: 10, samples: 30_000, bytes: 30_000, copy_ms: 900 };
  const consumer = { loader: 1, waited_ms: 900, step_ms: 100, stalls: 10, ready_batches: 0 };
  const before = await server.ask('stats', { consumer });
  expect(before.ok!.loader).toMatchObject({ batches: 0, bytes_copied: 0, verdict: { by: 'nothing' } });
  const { ok } = await server.ask('stats', { consumer: { ...consumer, gathered } });
  expect(ok!.loader).toMatchObject({
    ...{ batches: 10, samples: 30_000, bytes_copied: 30_000, bytes_resident: 30_000, bytes_read: 0 },
    ...{ copy_ms: 900, waited_ms: 900, step_ms: 100, stalls: 10 },
    // Not of the kind 'nothing': there are batches.
    verdict: { by: expect.stringMatching(/cpu|depth/) },
  });
});
