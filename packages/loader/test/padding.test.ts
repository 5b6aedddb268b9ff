import { defineSchema, field } from '@zc/format';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, type PaddedColumn, type PadFields } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { writeDataset } from './helpers/datasets.js';
import { coldCopy } from './helpers/page-cache.js';

const schema = defineSchema({
  audio: field.tensor('int16', [null]),
  frames: field.tensor('float32', [null, 3]),
  big: field.tensor('int64', [null]),
  mask: field.tensor('bool', [null]),
  half: field.tensor('bfloat16', [null]),
  boxes: field.tensor('float32', [null, null]),
  flat: field.tensor('float32', [4]),
  text: field.text(),
});
const lengthOf = (i: number) => (i * 7) % 23;
const audioOf = (i: number) => Int16Array.from({ length: lengthOf(i) }, (_, k) => 100 * i + k + 1);
const samples = Array.from({ length: 50 }, (_, i) => ({
  audio: audioOf(i),
  frames: Float32Array.from({ length: 3 * lengthOf(i) }, (_, k) => i + k / 4),
  big: BigInt64Array.from(audioOf(i), (value) => BigInt(value)),
  mask: Uint8Array.from({ length: lengthOf(i) }, (_, k) => k % 2),
  half: new Uint16Array(lengthOf(i)).fill(0x3f80),
  boxes: { data: new Float32Array(2), shape: [1, 2] },
  flat: new Float32Array(4),
  text: `sample ${i}`,
}));
const write = () => writeDataset(schema, samples, { shardBytes: 6000 });
const numbers = (data: ArrayLike<number | bigint>) => Array.from(data, Number);

/** What `pad_sequence` would give of one field. */
function expectPadded(
  column: PaddedColumn,
  ids: Float64Array,
  {
    of,
    perStep = 1,
    length,
    left = false,
    value,
  }: {
    of: (i: number) => number[];
    perStep?: number;
    length: number;
    left?: boolean;
    value: number;
  },
): void {
  expect(column.shape.slice(0, 2)).toEqual([ids.length, length]);
  const wanted = Array.from(ids, (id) => {
    const own = of(id);
    const padding = new Array(length * perStep - own.length).fill(value);
    return left ? [...padding, ...own] : [...own, ...padding];
  });
  expect(numbers(column.data)).toEqual(wanted.flat());
  expect([...column.lengths]).toEqual(Array.from(ids, lengthOf));
}

describe.each(backends)('%s', (backend) => {
  test.each(['auto', 'direct', 'copied'] as const)(
    'rows lie in their padded places, mode %s',
    async (mode) => {
      const directory = coldCopy(await write());
      const pad: PadFields = {
        audio: { value: -5 },
        frames: { side: 'left', multipleOf: 8, value: 0.5 },
        big: { length: 30, value: 2n ** 40n },
        mask: true,
        half: { value: 1.5 },
      };
      await using loader = await DataLoader.open<typeof schema>(directory, {
        ...{ batchSize: 8, shuffle: true, backend, mode, pad },
      });
      // The second epoch comes from the page cache, into slots that hold other rows.
      for (let epoch = 0; epoch < 2; epoch++) {
        for await (const batch of loader as AsyncIterable<Batch>) {
          const { audio, frames, big, mask, half, text } = batch.fields as Record<string, PaddedColumn>;
          const ids = batch.indices;
          const longest = Math.max(...Array.from(ids, lengthOf));
          expectPadded(audio!, ids, { of: (i) => [...audioOf(i)], length: longest, value: -5 });
          expectPadded(frames!, ids, {
            ...{
              of: (i) => [...samples[i]!.frames],
              perStep: 3,
              length: Math.ceil(longest / 8) * 8,
              left: true,
            },
            value: 0.5,
          });
          expect(frames!.shape[2]).toBe(3);
          expectPadded(big!, ids, { of: (i) => [...audioOf(i)], length: 30, value: 2 ** 40 });
          expectPadded(mask!, ids, { of: (i) => [...samples[i]!.mask], length: longest, value: 0 });
          expectPadded(half!, ids, { of: (i) => [...samples[i]!.half], length: longest, value: 0x3fc0 });
          expect((text as unknown as { at(i: number): string }).at(0)).toBe(`sample ${ids[0]}`);
        }
      }
    },
  );
});

test('a batch of empty rows has no columns', async () => {
  await using loader = await DataLoader.open<typeof schema>(await write(), { pad: { audio: true } });
  for await (const batch of loader as AsyncIterable<Batch>) {
    const { audio } = batch.fields as Record<string, PaddedColumn>;
    expect(audio!.shape).toEqual([1, 0]);
    expect(audio!.data.length).toBe(0);
    break;
  }
});

test('a row that is longer than the padding is an error that names the sample', async () => {
  await using loader = await DataLoader.open(await write(), {
    batchSize: 50,
    pad: { audio: { length: 20 } },
  });
  const error = await failure('ZC_FORMAT_VALUE', () => loader[Symbol.asyncIterator]().next());
  expect(error.details.sample).toBe(13);
  expect(error).toMatchObject({ expected: 20, actual: 22 });
});

test.each<[string, unknown]>([
  ['a field that is not there', { sound: true }],
  ['a fixed field', { flat: true }],
  ['two ragged dimensions', { boxes: true }],
  ['text', { text: true }],
  ['a value that the dtype does not have', { audio: { value: 40_000 } }],
  ['a fraction in whole numbers', { big: { value: 0.5 } }],
  ['a bool of 2', { mask: { value: 2 } }],
  ['a misspelt option', { audio: { lenght: 5 } }],
  ['a side there is not', { audio: { side: 'both' } }],
  ['no record', true],
])('refused: %s', async (_, pad) => {
  await failure('ZC_ARGUMENT', async () => DataLoader.open(await write(), { pad: pad as PadFields }));
});
