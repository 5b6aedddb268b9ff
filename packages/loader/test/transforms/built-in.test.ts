import { defineSchema, field } from '@zc/format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import {
  type Batch,
  centerCrop,
  channelsFirst,
  DataLoader,
  Dataset,
  normalize,
  pad,
  randomCrop,
  randomHorizontalFlip,
  type TensorColumn,
  type TransformFields,
  toFloat,
} from '../../src/index.js';
import { RowDraws } from '../../src/transforms/row-draws.js';
import { bytesOf, writeDataset } from '../helpers/datasets.js';

const [HEIGHT, WIDTH] = [12, 10];
const COUNT = 64;
const schema = defineSchema({
  image: field.tensor('uint8', [HEIGHT, WIDTH, 3]),
  mask: field.tensor('uint8', [HEIGHT, WIDTH]),
  planes: field.tensor('float32', [2, HEIGHT, WIDTH]),
  features: field.tensor('float64', [6]),
  audio: field.tensor('int16', [null]),
  tokens: field.tensor('int32', [null, 2]),
  label: field.scalar('int64'),
  text: field.text(),
});
const at = (i: number) => ({
  image: bytesOf(i, HEIGHT * WIDTH * 3),
  // The mask of a pixel is its first channel, so that both stay together or a test sees it.
  mask: Uint8Array.from({ length: HEIGHT * WIDTH }, (_, k) => bytesOf(i, HEIGHT * WIDTH * 3)[3 * k]!),
  planes: Float32Array.from({ length: 2 * HEIGHT * WIDTH }, (_, k) => i + k / 8),
  features: Float64Array.from({ length: 6 }, (_, k) => i * k),
  audio: Int16Array.from({ length: (i * 11) % 70 }, (_, k) => i * 100 - k),
  tokens: Int32Array.from({ length: 2 * (i % 5) }, (_, k) => i + k),
  label: BigInt(i),
  text: `${i}`,
});
const written = writeDataset(
  schema,
  Array.from({ length: COUNT }, (_, i) => at(i)),
  { shardBytes: 20_000 },
);
const numbers = ({ data }: TensorColumn) => Array.from(data, Number);
type Fields = Record<string, TensorColumn>;

async function firstBatch<T>(
  transforms: TransformFields,
  look: (fields: Fields, batch: Batch) => T,
): Promise<T> {
  await using loader = await DataLoader.open(await written, { batchSize: 16, shuffle: true, transforms });
  for await (const batch of loader as AsyncIterable<Batch>) return look(batch.fields as Fields, batch);
  throw new Error('no batch');
}

test('numbers are scaled and normalized channel by channel, channels first', async () => {
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];
  await firstBatch({ image: [normalize({ mean, std }), channelsFirst()] }, ({ image }, { indices }) => {
    expect(image!.dtype).toBe('float32');
    expect(image!.shape).toEqual([16, 3, HEIGHT, WIDTH]);
    indices.forEach((id, row) => {
      const pixels = bytesOf(id, HEIGHT * WIDTH * 3);
      for (let k = 0; k < HEIGHT * WIDTH; k++) {
        for (let c = 0; c < 3; c++) {
          const wanted = (pixels[3 * k + c]! / 255 - mean[c]!) / std[c]!;
          expect(image!.data[(row * 3 + c) * HEIGHT * WIDTH + k]).toBeCloseTo(wanted, 5);
        }
      }
    });
  });
});

test('a dtype, a layout and rows that are no image each go their way', async () => {
  const transforms = {
    mask: [channelsFirst()],
    planes: [centerCrop([4, 6])],
    features: [normalize({ mean: [0, 1, 2, 3, 4, 5], std: 2 })],
    audio: [toFloat()],
    tokens: [toFloat({ scale: false })],
    label: [toFloat({ scale: false })],
  };
  await firstBatch(transforms, (fields, { indices }) => {
    const { mask, planes, features, audio, tokens, label } = fields;
    expect([mask!.dtype, ...mask!.shape]).toEqual(['uint8', 16, 1, HEIGHT, WIDTH]);
    expect(planes!.shape).toEqual([16, 2, 4, 6]);
    indices.forEach((id, row) => {
      expect(mask!.data[row * 120 + 7]).toBe(at(id).mask[7]);
      expect(planes!.data[row * 48]).toBe(at(id).planes[4 * WIDTH + 2]);
      for (let k = 0; k < 6; k++) expect(features!.data[row * 6 + k]).toBeCloseTo((id * k - k) / 2, 4);
      const rowOf = (column: unknown) => [...(column as { row(i: number): Float32Array }).row(row)];
      expect(rowOf(audio)).toEqual(
        Array.from(at(id).audio, (value) => Math.fround(value * Math.fround(1 / 32_767))),
      );
      expect(rowOf(tokens)).toEqual([...at(id).tokens]);
      expect(label!.data[row]).toBe(id);
    });
  });
});

test('a padded field is cast and its padding set in the new dtype', async () => {
  await using loader = await DataLoader.open(await written, {
    ...{ batchSize: 16, pad: { audio: { value: -1.5 } }, transforms: { audio: [toFloat({ scale: false })] } },
  });
  for await (const batch of loader as AsyncIterable<Batch>) {
    const { data, shape } = batch.fields.audio as TensorColumn<'float32'>;
    batch.indices.forEach((id, row) => {
      const own = [...at(id).audio];
      const length = shape[1]!;
      const wanted = [...own, ...new Array(length - own.length).fill(-1.5)];
      expect([...data.subarray(row * length, (row + 1) * length)]).toEqual(wanted);
    });
  }
});

/** A crop and a flip as they are defined, pixel by pixel. */
function cutOut(
  id: number,
  { top, left, flip, size }: { top: number; left: number; flip: boolean; size: number },
) {
  const pixels = bytesOf(id, HEIGHT * WIDTH * 3);
  return Array.from({ length: size * size * 3 }, (_, k) => {
    const [y, x, c] = [Math.floor(k / 3 / size), Math.floor(k / 3) % size, k % 3];
    const [fromY, fromX] = [top + y, left + (flip ? size - 1 - x : x)];
    const inside = fromY >= 0 && fromY < HEIGHT && fromX >= 0 && fromX < WIDTH;
    return inside ? pixels[(fromY * WIDTH + fromX) * 3 + c]! : 9;
  });
}

test('random crops and flips come each from its place and fill what is missing', async () => {
  const size = 8;
  const seen = new Set<string>();
  const transforms = { image: [randomCrop(size, { padding: 3, fill: 9 }), randomHorizontalFlip()] };
  await using loader = await DataLoader.open(await written, { batchSize: 8, shuffle: true, transforms });
  for (let epoch = 0; epoch < 3; epoch++) {
    for await (const batch of loader as AsyncIterable<Batch>) {
      const { data, shape } = batch.fields.image as TensorColumn;
      expect(shape).toEqual([8, size, size, 3]);
      batch.indices.forEach((id, row) => {
        const found = [
          ...(data as Uint8Array).subarray(row * size * size * 3, (row + 1) * size * size * 3),
        ].join();
        const place = places(size, 3).find((one) => cutOut(id, { ...one, size }).join() === found);
        expect(place, `sample ${id}`).toBeDefined();
        seen.add(JSON.stringify(place));
      });
    }
  }
  // 192 draws among 220 places: more than a hundred differ, or the draws are not random.
  expect(seen.size).toBeGreaterThan(100);
});

function places(size: number, padding: number) {
  const all: { top: number; left: number; flip: boolean }[] = [];
  for (let top = -padding; top <= HEIGHT + padding - size; top++) {
    for (let left = -padding; left <= WIDTH + padding - size; left++) {
      for (const flip of [false, true]) all.push({ top, left, flip });
    }
  }
  return all;
}

test('the same order of crop and flip, and an image and its mask, stay together', async () => {
  const transforms = {
    image: [randomHorizontalFlip(), randomCrop(6, { padding: 2 })],
    mask: [randomHorizontalFlip(), randomCrop(6, { padding: 2 })],
  };
  await firstBatch(transforms, ({ image, mask }) => {
    expect(numbers(mask!)).toEqual(numbers(image!).filter((_, k) => k % 3 === 0));
  });
  const apart = {
    ...transforms,
    mask: [randomHorizontalFlip({ stream: 1 }), randomCrop(6, { padding: 2, stream: 1 })],
  };
  await firstBatch(apart, ({ image, mask }) => {
    expect(numbers(mask!)).not.toEqual(numbers(image!).filter((_, k) => k % 3 === 0));
  });
});

test('a sample is augmented alike whatever the ranks, the batches and the prefetch', async () => {
  const transforms = { image: [randomCrop(7, { padding: 2 }), randomHorizontalFlip(), toFloat()] };
  await using dataset = await Dataset.open(await written);
  /** Of every sample, the bytes it became in epoch 1. */
  const epochOf = async (options: { batchSize: number; worldSize: number; prefetchBatches: number }) => {
    const made = new Map<number, string>();
    for (let rank = 0; rank < options.worldSize; rank++) {
      await using loader = new DataLoader(dataset, { ...options, rank, shuffle: true, seed: 5, transforms });
      loader.setEpoch(1);
      for await (const batch of loader as AsyncIterable<Batch>) {
        const { data } = batch.fields.image as TensorColumn<'float32'>;
        const perRow = data.length / batch.length;
        batch.indices.forEach((id, row) => {
          const bytes = data.slice(row * perRow, (row + 1) * perRow);
          made.set(id, Buffer.from(bytes.buffer).toString('base64'));
        });
      }
    }
    return made;
  };
  const wanted = await epochOf({ batchSize: COUNT, worldSize: 1, prefetchBatches: 1 });
  expect(wanted.size).toBe(COUNT);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        batchSize: fc.integer({ min: 1, max: 40 }),
        worldSize: fc.constantFrom(1, 2, 4, 8),
        prefetchBatches: fc.integer({ min: 1, max: 5 }),
      }),
      async (options) => {
        expect(await epochOf(options)).toEqual(wanted);
      },
    ),
    { numRuns: 12 },
  );
});

describe('draws', () => {
  test('are the same for ever', () => {
    const draws = new RowDraws({ seed: 7, epoch: 3 });
    const numbers = [0, 1, 2 ** 32, 2 ** 40 + 1].map((position) => draws.below(2 ** 32, position, 0));
    expect(numbers).toMatchInlineSnapshot(`
      [
        3264901686,
        1291785628,
        1254388348,
        4057286039,
      ]
    `);
  });

  test('are even, and do not follow each other, for positions, purposes, epochs and seeds', () => {
    const draws = new RowDraws({ seed: 0, epoch: 0 });
    const series = {
      positions: (i: number) => draws.number(i, 0),
      'far positions': (i: number) => draws.number(2 ** 40 + i, 1),
      purposes: (i: number) => draws.number(5, i),
      epochs: (i: number) => new RowDraws({ seed: 0, epoch: i }).number(0, 0),
      seeds: (i: number) => new RowDraws({ seed: i, epoch: 0 }).number(0, 0),
    };
    const count = 20_000;
    for (const [name, numberAt] of Object.entries(series)) {
      const cells = new Float64Array(256);
      for (let i = 0; i < count; i++)
        cells[Math.floor(numberAt(i) * 16) * 16 + Math.floor(numberAt(i + 1) * 16)]!++;
      const expected = count / 256;
      const chiSquare = cells.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: a mean of 255 and a deviation of 22.6.
      expect(chiSquare, name).toBeGreaterThan(255 - 5 * 22.6);
      expect(chiSquare, name).toBeLessThan(255 + 5 * 22.6);
    }
  });
});

test.each<[string, () => TransformFields]>([
  ['a field that is not there', () => ({ picture: [toFloat()] })],
  ['a crop of what is no image', () => ({ features: [randomCrop(4)] })],
  ['channels of what is no image', () => ({ audio: [channelsFirst()] })],
  ['two crops', () => ({ image: [pad(2), randomCrop(4)] })],
  ['two flips', () => ({ image: [randomHorizontalFlip(), randomHorizontalFlip()] })],
  ['a crop larger than the image', () => ({ image: [randomCrop(20)] })],
  ['means of another number of channels', () => ({ image: [normalize({ mean: [0, 0], std: 1 })] })],
  ['text', () => ({ text: [toFloat()] })],
  ['what is no transform', () => ({ image: [(() => 0) as never] })],
  ['no list', () => ({ image: toFloat() as never })],
  ['a deviation of 0', () => ({ image: [normalize({ mean: 0, std: 0 })] })],
  ['no mean', () => ({ image: [normalize({ std: 1 } as never)] })],
  ['half a pixel', () => ({ image: [centerCrop(3.5)] })],
  ['a misspelt option', () => ({ image: [randomHorizontalFlip({ p: 0.3 } as never)] })],
  ['a number for options', () => ({ image: [randomHorizontalFlip(0.3 as never)] })],
  ['a fill that is no number', () => ({ image: [randomCrop(8, { fill: '0' as never })] })],
  ['a scale that is no flag', () => ({ image: [toFloat({ scale: 255 as never })] })],
  ['a probability of 2', () => ({ image: [randomHorizontalFlip({ probability: 2 })] })],
])('refused: %s', async (_, transforms) => {
  await failure('ZC_ARGUMENT', async () => DataLoader.open(await written, { transforms: transforms() }));
});
