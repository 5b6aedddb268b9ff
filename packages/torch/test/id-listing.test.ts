import { ZcError } from '@zc/errors';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { checkListed, IdListing, LISTED_BATCH_IDS_MAX, LISTED_IDS_MAX } from '../src/id-listing.js';
import { FRAME_HEAD_BYTES, ServerKind } from '../src/protocol.js';

const CHANNEL = 3;
const ITERATION = 2;

/** Batches of these lengths, whose ids count on. */
function* batchesOf(...lengths: number[]): Generator<Float64Array, undefined> {
  let id = 0;
  for (const length of lengths) yield Float64Array.from({ length }, () => id++);
}
const listingOf = (...lengths: number[]) => new IdListing(CHANNEL, ITERATION, batchesOf(...lengths));

/** Kind, number of the first batch, and how many ids there are. */
function read(frame: Buffer): number[] {
  expect([frame.readUInt32LE(4), frame.readUInt32LE(12)]).toEqual([CHANNEL, ITERATION]);
  const kind = frame.readUInt32LE(FRAME_HEAD_BYTES);
  if (kind !== ServerKind.ids) return [kind];
  return [kind, frame.readUInt32LE(16), (frame.length - 20) / 8];
}

describe('a message has whole batches', () => {
  it('as many as fit, and the rest comes behind them', () => {
    const listing = listingOf(...new Array(33).fill(1000), 500);
    expect(read(listing.frameFrom(0))).toEqual([ServerKind.ids, 0, 32_000]);
    const frame = listing.frameFrom(32);
    expect(read(frame)).toEqual([ServerKind.ids, 32, 1500]);
    expect(frame.readBigInt64LE(20)).toBe(32_000n);
    expect(frame.readBigInt64LE(frame.length - 8)).toBe(33_499n);
    expect(read(listing.frameFrom(34))).toEqual([ServerKind.end]);
  });

  it('up to the limit itself', () => {
    const half = LISTED_IDS_MAX / 2;
    const listing = listingOf(half, half, 1);
    expect(read(listing.frameFrom(0))).toEqual([ServerKind.ids, 0, LISTED_IDS_MAX]);
    expect(read(listing.frameFrom(2))).toEqual([ServerKind.ids, 2, 1]);
  });

  it('and one at least, however large', () => {
    const listing = listingOf(LISTED_BATCH_IDS_MAX, LISTED_BATCH_IDS_MAX);
    expect(read(listing.frameFrom(0))).toEqual([ServerKind.ids, 0, LISTED_BATCH_IDS_MAX]);
    expect(read(listing.frameFrom(1))).toEqual([ServerKind.ids, 1, LISTED_BATCH_IDS_MAX]);
    expect(read(listing.frameFrom(2))).toEqual([ServerKind.end]);
  });
});

it('an epoch without batches is over at once', () => {
  expect(read(listingOf().frameFrom(0))).toEqual([ServerKind.end]);
});

it('another batch than the next one is refused', async () => {
  const listing = listingOf(5, 5);
  await failure('ZC_TORCH_PROTOCOL', () => listing.frameFrom(1));
  listing.frameFrom(0);
  for (const batch of [0, 1, 3]) {
    const error = await failure('ZC_TORCH_PROTOCOL', () => listing.frameFrom(batch));
    expect(error).toMatchObject({ expected: 2, actual: batch });
  }
  expect(read(listing.frameFrom(2))).toEqual([ServerKind.end]);
});

it('an error of the order is told the client', () => {
  function* failing(): Generator<Float64Array, undefined> {
    yield* batchesOf(LISTED_IDS_MAX);
    throw new ZcError('ZC_ARGUMENT', 'no order');
  }
  const listing = new IdListing(CHANNEL, ITERATION, failing());
  // The batch behind those of a message is drawn with them: what comes of it is told in their place.
  const frame = listing.frameFrom(0);
  expect(read(frame)).toEqual([ServerKind.failure]);
  expect(JSON.parse(frame.toString('utf8', 16))).toMatchObject({ code: 'ZC_ARGUMENT', summary: 'no order' });
});

it.each([
  [LISTED_BATCH_IDS_MAX + 1, undefined],
  [10, 10],
])('batches of %d, sampled %s, are not listed', async (batchSize, sampled) => {
  await failure('ZC_TORCH_PROTOCOL', () => checkListed(batchSize, sampled));
});
