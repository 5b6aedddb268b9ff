import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { drawParts } from '../src/datasets/partition.js';
import { type SplitOptions, splitDataset } from '../src/index.js';
import { datasetOf, lettersOf, numbersIn, range } from './helpers/dataset-of.js';

const newPlace = () => join(temporaryDirectory(), 'out');
const byNumber = (a: number, b: number) => a - b;

async function split(options: Omit<SplitOptions, 'output'>) {
  const output = newPlace();
  const { parts } = await splitDataset({ ...options, output });
  const numbers: Record<string, number[]> = {};
  for (const { name, path, samples } of parts) {
    numbers[name] = await numbersIn(path);
    expect(numbers[name]).toHaveLength(samples);
  }
  expect(readdirSync(output).sort()).toEqual(parts.map(({ name }) => name).sort());
  return numbers;
}

test('by fractions: every sample in one part, in its order, as many as asked for', async () => {
  const input = await lettersOf(range(0, 101));
  const parts = await split({ input, fractions: { train: 0.7, val: 0.2, test: 0.1 }, seed: 7 });
  expect(Object.values(parts).map(({ length }) => length)).toEqual([71, 20, 10]);
  expect(Object.values(parts).flat().sort(byNumber)).toEqual(range(0, 101));
  for (const numbers of Object.values(parts)) expect(numbers).toEqual([...numbers].sort(byNumber));
  // Drawn, not cut off: the parts lie among each other.
  expect(Math.max(...parts.train!)).toBeGreaterThan(Math.min(...parts.test!));
});

test('a seed draws the same parts again, another one others; these are for ever', async () => {
  const input = await lettersOf(range(0, 40));
  const draw = (seed: number) => split({ input, counts: { a: 12, b: 'rest' }, seed });
  const once = await draw(7);
  expect(await draw(7)).toEqual(once);
  expect(await draw(8)).not.toEqual(once);
  expect(once.a).toMatchInlineSnapshot(`
    [
      5,
      10,
      12,
      14,
      16,
      19,
      20,
      21,
      26,
      34,
      35,
      38,
    ]
  `);
});

test('every sample is equally likely to be drawn', () => {
  const times = new Array(10).fill(0);
  for (const seed of range(0, 1000)) {
    const next = drawParts(
      [
        { name: 'a', samples: 5 },
        { name: 'b', samples: 5 },
      ],
      seed,
    );
    for (const i of range(0, 10)) if (next(i) === 0) times[i]++;
  }
  // 500 on average, with a deviation of 16.
  expect(Math.min(...times)).toBeGreaterThan(430);
  expect(Math.max(...times)).toBeLessThan(570);
});

test('in order', async () => {
  const input = await lettersOf(range(0, 10));
  const parts = await split({ input, counts: { first: 3, none: 0, last: 'rest' }, inOrder: true });
  expect(parts).toEqual({ first: [0, 1, 2], none: [], last: range(3, 10) });
});

test('by the values of a number and of a text', async () => {
  const parts = await split({ input: await lettersOf(range(0, 10)), by: 'label' });
  expect(parts).toEqual({ 0: [0, 3, 6, 9], 1: [1, 4, 7], 2: [2, 5, 8] });
  const schema = defineSchema({ name: field.text() });
  const input = await datasetOf(
    schema,
    ['a/b', '', '.', 'a/b', 'ü'].map((name) => ({ name })),
  );
  const output = newPlace();
  const report = await splitDataset({ input, output, by: 'name' });
  expect(report.parts.map(({ name, samples }) => [name, samples])).toEqual([
    ['a%2Fb', 2],
    ['%', 1],
    ['%2E', 1],
    ['%C3%BC', 1],
  ]);
});

test('more parts than are written at once', async () => {
  const schema = defineSchema({ label: field.scalar('uint64') });
  const input = await datasetOf(
    schema,
    range(0, 140).map((i) => ({ label: (i * 11) % 70 })),
  );
  const { parts } = await splitDataset({ input, output: newPlace(), by: 'label' });
  expect(parts).toHaveLength(70);
  expect(parts.every(({ samples }) => samples === 2)).toBe(true);
});

test('the same bytes in each run', async () => {
  const input = await lettersOf(range(0, 50));
  const digests = [newPlace(), newPlace()].map(async (output) => {
    await splitDataset({ input, output, fractions: { a: 0.5, b: 0.5 }, shardBytes: 300 });
    const hash = createHash('sha256');
    for (const name of readdirSync(output, { recursive: true }) as string[]) {
      if (name.includes('.')) hash.update(name).update(readFileSync(join(output, name)));
    }
    return hash.digest('hex');
  });
  const [a, b] = await Promise.all(digests);
  expect(a).toBe(b);
});

test.each<[string, Partial<SplitOptions>]>([
  ['no way', {}],
  ['two ways', { by: 'label', counts: { a: 'rest' } }],
  ['fractions that leave some', { fractions: { a: 0.5, b: 0.4 } }],
  ['a negative fraction', { fractions: { a: 1.5, b: -0.5 } }],
  ['counts that leave some', { counts: { a: 3 } }],
  ['counts beyond the dataset', { counts: { a: 30, b: 'rest' } }],
  ['two rests', { counts: { a: 'rest', b: 'rest' } }],
  ['a name that climbs', { fractions: { '../x': 1 } }],
  ['the name of a file that a writer keeps', { fractions: { 'owner.json': 1 } }],
  ['a hidden name', { fractions: { '.x': 1 } }],
  ['no parts', { fractions: {} }],
  ['a seed that is none', { counts: { a: 'rest' }, seed: 0.5 }],
  ['a field of tensors', { by: 'image' }],
  ['a field that is not there', { by: 'nothing' }],
])('%s is refused, and nothing appears', async (_, options) => {
  const output = newPlace();
  const input = await lettersOf(range(0, 9));
  await failure('ZC_ARGUMENT', () => splitDataset({ input, output, ...options }));
  expect(readdirSync(dirname(output))).toEqual([]);
});

test('too many values, and a signal', async () => {
  const output = newPlace();
  const schema = defineSchema({ id: field.scalar('int32') });
  const input = await datasetOf(
    schema,
    range(0, 1001).map((id) => ({ id })),
    { shardBytes: 2000 },
  );
  await failure('ZC_CONVERT_LIMIT', () => splitDataset({ input, output, by: 'id' }));
  const controller = new AbortController();
  const options = { fractions: { a: 1 }, signal: controller.signal, onProgress: () => controller.abort() };
  controller.abort();
  await failure('ZC_ABORTED', () => splitDataset({ input, output, ...options }));
  expect(readdirSync(dirname(output))).toEqual([]);
});
