import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { headOfDataset } from '../src/index.js';
import { datasetOf, letter, letters, lettersOf, numbersIn, range } from './helpers/dataset-of.js';

test.each([0, 1, 13, 20, 99])('the first %d of 20', async (count) => {
  const output = join(temporaryDirectory(), 'out');
  const report = await headOfDataset({ input: await lettersOf(range(0, 20)), output, count });
  expect(report.samples).toBe(Math.min(count, 20));
  expect(await numbersIn(output)).toEqual(range(0, Math.min(count, 20)));
});

test('the bytes are those that a writer makes of these samples', async () => {
  const output = join(temporaryDirectory(), 'out');
  await headOfDataset({ input: await lettersOf(range(0, 20)), output, count: 9, shardBytes: 100 });
  const written = await datasetOf(letters, range(0, 9).map(letter), { shardBytes: 100 });
  const manifest = readFileSync(join(output, 'dataset.json'), 'utf8');
  expect(manifest).toBe(readFileSync(join(written, 'dataset.json'), 'utf8'));
  expect(manifest).toContain('shard-000002.zcs');
});

test('no number of samples', async () => {
  const [input, output] = [await lettersOf([1]), join(temporaryDirectory(), 'out')];
  for (const count of [-1, 0.5, Number.NaN]) {
    await failure('ZC_ARGUMENT', () => headOfDataset({ input, output, count }));
  }
});
