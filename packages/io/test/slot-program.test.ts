import { expect, test } from 'vitest';
import {
  type AffineStep,
  BufferPool,
  runSlotSteps,
  type SlotRows,
  type SlotStep,
  zstdCompressor,
} from '../src/index.js';
import { rejected } from './helpers/caught.js';

const IMAGE: SlotRows = {
  ...{ offset: 0, rowBytes: 12, type: 'uint8', channelOrder: 'last', height: 2, width: 2 },
};
const PLANES: SlotRows = { ...IMAGE, offset: 4096, rowBytes: 48, type: 'float32', channelOrder: 'first' };
const CHANNEL = { scale: 1, bias: 0, fill: -1 };

function toPlanes(places: number[], changes: Partial<AffineStep> = {}): AffineStep {
  const channels = [CHANNEL, CHANNEL, CHANNEL];
  return {
    kind: 'affine',
    source: IMAGE,
    target: PLANES,
    channels,
    places: Float64Array.from(places),
    ...changes,
  };
}

test('pixels are cut out, mirrored, cast and put into planes', async () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 1 });
  using lease = pool.acquire()!;
  new Uint8Array(lease.buffer).set(Uint8Array.from({ length: 24 }, (_, i) => i));
  await runSlotSteps(lease, [toPlanes([0, 0, 0, 1, 0, 1])]);
  const planes = new Float32Array(lease.buffer, 4096, 24);
  expect([...planes.subarray(0, 12)]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  expect([...planes.subarray(12)]).toEqual([21, 18, -1, -1, 22, 19, -1, -1, 23, 20, -1, -1]);
});

test('steps run one after the other', async () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 1 });
  using lease = pool.acquire()!;
  new Uint8Array(lease.buffer).fill(7);
  const fill: SlotStep = {
    ...{ kind: 'fill', offset: 4096, rowBytes: 48, element: new Uint8Array(Float32Array.of(0.5).buffer) },
    ranges: Float64Array.of(40, 48),
  };
  await runSlotSteps(lease, [toPlanes([0, 0, 0]), fill, { kind: 'bool', offset: 100, length: 0 }]);
  const planes = new Float32Array(lease.buffer, 4096, 12);
  expect([...planes]).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0.5, 0.5]);
});

test('steps that do not fit are refused before anything is done', async () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 1 });
  using lease = pool.acquire()!;
  const wrong: SlotStep[] = [
    toPlanes([0, 0, 0], { target: { ...PLANES, offset: 8192 - 47 } }),
    toPlanes([0, 0, 0], { target: { ...PLANES, offset: 8 } }),
    toPlanes([0, 0, 0.5]),
    toPlanes([0, 0, 2]),
    { kind: 'bool', offset: 0, length: 8193 },
    { kind: 'nothing' } as unknown as SlotStep,
  ];
  for (const step of wrong) await rejected('ZC_ARGUMENT', runSlotSteps(lease, [toPlanes([0, 0, 0]), step]));
  expect(new Uint8Array(lease.buffer).every((byte) => byte === 0)).toBe(true);
  lease.release();
  await rejected('ZC_IO_CLOSED', runSlotSteps(lease, []));
});

test('a byte that is no bool is named by its place', async () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 1 });
  using lease = pool.acquire()!;
  new Uint8Array(lease.buffer)[777] = 2;
  const error = await rejected(
    'ZC_ARGUMENT',
    runSlotSteps(lease, [{ kind: 'bool', offset: 0, length: 8192 }]),
  );
  expect(error).toMatchObject({ offset: 777, actual: 2 });
});

test('rows that are zstd frames are decoded, and a bad one is named by its place', async () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 1 });
  using lease = pool.acquire()!;
  const bytes = new Uint8Array(lease.buffer);
  const content = Uint8Array.from({ length: 3000 }, (_, i) => i % 100);
  const frame = zstdCompressor().compress(content, 3);
  bytes.set(frame, 100);
  await runSlotSteps(lease, [{ kind: 'zstd', places: Float64Array.of(100, frame.length, 4096, 3000) }]);
  expect(bytes.subarray(4096, 7096)).toEqual(content);
  for (const length of [2999, 3001]) {
    const places = Float64Array.of(100, frame.length, 4096, length);
    const error = await rejected('ZC_ARGUMENT', runSlotSteps(lease, [{ kind: 'zstd', places }]));
    expect(error).toMatchObject({ offset: 100, expected: length, actual: 3000 });
  }
});

test('a slot is not leased again while steps work on it', async () => {
  using pool = new BufferPool({ slotBytes: 2 ** 20, slots: 1 });
  const lease = pool.acquire()!;
  const running = runSlotSteps(lease, [{ kind: 'bool', offset: 0, length: 2 ** 20 }]);
  lease.release();
  expect([pool.leased, pool.acquire()]).toEqual([1, null]);
  await running;
  await new Promise(setImmediate);
  expect(pool.leased).toBe(0);
});
