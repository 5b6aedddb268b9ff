import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';
import { pack, preview } from '../../src/index.js';
import { arrayFile } from '../helpers/array-file.js';
import { datasetDigest } from '../helpers/dataset-digest.js';
import { packedRows } from '../helpers/packed-rows.js';

const numbers = (count = 10) =>
  arrayFile(
    Int32Array.from({ length: count }, (_, i) => i),
    { descr: '<i4', shape: [count] },
  );

function module(source: string): string {
  const path = join(temporaryDirectory(), 'step.mjs');
  writeFileSync(path, source);
  return path;
}

test('a sample becomes another one, none or several; its fields are inferred from the first', async () => {
  const map = module(`export default ({ x }, { index }) => {
    if (x % 3 === 0) return undefined;
    const sample = { x, twice: x * 2, half: x / 2, at: [index], text: 'n' + x, raw: new Float32Array([x]) };
    return x % 3 === 1 ? sample : [sample, { ...sample, twice: 0 }];
  };`);
  const { rows, fields } = await packedRows({ input: numbers(), map });
  expect(rows.map(({ x, twice }) => [x, twice])).toEqual([
    [1, 2n],
    [2, 4n],
    [2, 0n],
    [4, 8n],
    [5, 10n],
    [5, 0n],
    [7, 14n],
    [8, 16n],
    [8, 0n],
  ]);
  expect(fields.map(({ name, kind, dtype, shape }) => [name, kind, dtype, shape])).toEqual([
    ['x', 'tensor', 'int32', []],
    ['twice', 'tensor', 'int64', []],
    ['half', 'tensor', 'float64', []],
    ['at', 'json', undefined, undefined],
    ['text', 'utf8', undefined, undefined],
    ['raw', 'tensor', 'float32', [null]],
  ]);
});

test('a module may say its schema itself', async () => {
  const map = module(`export const schema = { y: { kind: 'tensor', dtype: 'float16', shape: [2] } };
    export default ({ x }) => ({ y: [x, x + 0.5] });`);
  const { fields } = await packedRows({ input: numbers(), map });
  expect(fields).toMatchObject([{ name: 'y', dtype: 'float16', shape: [2] }]);
});

test.each([
  [
    'export default ({ x }) => { if (x === 4) throw new RangeError("four"); return { x }; }',
    'RangeError: four',
  ],
  ['export default ({ x }) => x === 4 ? 4 : { x }', 'expected a sample'],
])('a row that it fails on is named, or skipped: %s', async (source, words) => {
  const map = module(source);
  for (const jobs of [1, 2]) {
    const error = await failure('ZC_TRANSFORM', () => packedRows({ input: numbers(), map, jobs }));
    expect(error.message).toContain('row 4');
    expect(error.message).toContain(words);
    const { rows, report } = await packedRows({ input: numbers(), map, jobs, onError: 'skip' });
    expect(rows.map(({ x }) => x)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    expect(report).toMatchObject({ skipped: 1, errors: [{ row: 4 }] });
  }
});

test.each([
  ['export const no = 1', 'no function as its default export'],
  ['this is no module', 'cannot be loaded'],
])('a module that is none: %s', async (source, words) => {
  const error = await failure('ZC_TRANSFORM', () => preview({ input: numbers(), map: module(source) }));
  expect(error.message).toContain(words);
});

test('where every row is dropped there is no schema', async () => {
  await failure('ZC_CONVERT_EMPTY', () =>
    preview({ input: numbers(), map: module('export default () => {}') }),
  );
});

test('a thread that is ended by its module ends the packing', async () => {
  const map = module(`import { isMainThread } from 'node:worker_threads';
    export default (sample) => { if (!isMainThread) process.exit(3); return sample; };`);
  const error = await failure('ZC_TRANSFORM', () => packedRows({ input: numbers(), map, jobs: 2 }));
  expect(error.message).toContain('its exit code was 3');
});

test('the bytes are the same for any number of jobs', async () => {
  // Asynchronous and of uneven length, so that threads overtake each other where they may.
  const map = module(`export default async ({ x }) => {
    if (x % 7 === 0) await new Promise((done) => setTimeout(done, 1));
    if (x % 11 === 0) throw new Error('eleven');
    return Array.from({ length: x % 3 }, (_, i) => ({
      x, i, wave: { data: new Int16Array((x % 5) * 2).fill(x), shape: [x % 5, 2] }, text: 'x'.repeat(x % 13),
    }));
  };
  export const schema = {
    x: { kind: 'tensor', dtype: 'int32', shape: [] }, i: { kind: 'tensor', dtype: 'int64', shape: [] },
    wave: { kind: 'tensor', dtype: 'int16', shape: [null, null] }, text: { kind: 'utf8' },
  };`);
  const input = numbers(1000);
  const digests = new Set<string>();
  for (const jobs of [1, 2, 5]) {
    const output = join(temporaryDirectory(), 'out');
    const report = await pack({ input, output, map, jobs, onError: 'skip', shardBytes: 4096 });
    expect(report).toMatchObject({ samples: expect.any(Number), skipped: 91 });
    expect(report.shards).toBeGreaterThan(3);
    digests.add(datasetDigest(output));
  }
  expect(digests.size).toBe(1);
});
