import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { openAppend, openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { appendToDataset } from '../src/index.js';
import { datasetOf, type letters, lettersOf, numbersIn, range } from './helpers/dataset-of.js';

test('samples follow behind; what is open goes on with what it opened', async () => {
  const dataset = await lettersOf(range(0, 20));
  await using before = await openDataset<typeof letters>(dataset);
  const rows = before.rows();
  await rows.next();
  const inputs = [await lettersOf(range(20, 30)), await lettersOf(range(30, 33))];
  const report = await appendToDataset({ dataset, inputs });
  expect(report).toMatchObject({ added: { samples: 13 }, samples: 33 });
  expect(await numbersIn(dataset)).toEqual(range(0, 33));
  expect(before.length).toBe(20);
  let rest = 0;
  for await (const _ of rows) rest++;
  expect(rest).toBe(19);
  expect(readdirSync(dirname(dataset))).toEqual(['data']);
  expect(readdirSync(dataset).every((name) => /^(dataset\.json|shard-\d{6}\.zcs)$/.test(name))).toBe(true);
});

test('shards that were there keep their bytes, and names that are taken are left alone', async () => {
  const dataset = await lettersOf(range(0, 5));
  const before = readFileSync(join(dataset, 'shard-000000.zcs'), 'hex');
  const { length } = (await openDataset(dataset)).manifest.shards;
  const stranger = join(dataset, `shard-${String(length).padStart(6, '0')}.zcs`);
  writeFileSync(stranger, "somebody's own");
  await appendToDataset({ dataset, inputs: [await lettersOf(range(5, 6))] });
  expect(await numbersIn(dataset)).toEqual(range(0, 6));
  expect(readFileSync(join(dataset, 'shard-000000.zcs'), 'hex')).toBe(before);
  expect(readFileSync(stranger, 'utf8')).toBe("somebody's own");
});

test('of two at once one is told that the other writes', async () => {
  const dataset = await lettersOf(range(0, 5));
  const inputs = [await lettersOf(range(5, 9))];
  const results = await Promise.allSettled([1, 2].map(() => appendToDataset({ dataset, inputs })));
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
  expect(refused).toEqual(['ZC_FORMAT_BUSY']);
  expect(await numbersIn(dataset)).toEqual(range(0, 9));
});

test('a symbolic link to the dataset leads to the same lock', async () => {
  const dataset = await lettersOf(range(0, 5));
  const link = join(dirname(dataset), 'latest');
  symlinkSync('data', link);
  const inputs = [await lettersOf(range(5, 9))];
  await using append = { [Symbol.asyncDispose]: (await openAppend(dataset)).discard };
  await failure('ZC_FORMAT_BUSY', () => appendToDataset({ dataset: link, inputs }));
  await append[Symbol.asyncDispose]();
  await appendToDataset({ dataset: link, inputs });
  expect(await numbersIn(dataset)).toEqual(range(0, 9));
});

test('what an append that died had moved is removed by the next one, and nothing else', async () => {
  const dataset = await lettersOf(range(0, 5));
  const { length } = (await openDataset(dataset)).manifest.shards;
  const name = (i: number) => `shard-${String(length + i).padStart(6, '0')}.zcs`;
  // As it lies after a kill between the moves and the manifest.
  writeFileSync(join(dataset, '.moving.json'), JSON.stringify([name(0), '../data/dataset.json', 'mine.txt']));
  writeFileSync(join(dataset, name(0)), 'left behind');
  writeFileSync(join(dataset, 'mine.txt'), '');
  await appendToDataset({ dataset, inputs: [await lettersOf(range(5, 6))] });
  expect(await numbersIn(dataset)).toEqual(range(0, 6));
  expect(existsSync(join(dataset, name(1)))).toBe(false);
  expect(readdirSync(dataset)).toContain('mine.txt');
  expect(readdirSync(dataset)).not.toContain('.moving.json');
});

test('where the dataset cannot be changed it is as it was', async () => {
  const dataset = await lettersOf(range(0, 5));
  const before = readdirSync(dataset);
  const append = await openAppend(dataset);
  const entry = { ...append.manifest.shards[0]!, name: append.nextName() };
  const there = { ...entry, name: append.nextName() };
  renameSync(join(await lettersOf([7]), 'shard-000000.zcs'), join(append.path, entry.name));
  // The second shard was never made.
  await failure('ZC_IO_WRITE', () => append.publish([entry, there]));
  await append.discard();
  expect(readdirSync(dataset)).toEqual(before);
  expect(await numbersIn(dataset)).toEqual(range(0, 5));
  expect(readdirSync(dirname(dataset))).toEqual(['data']);
});

test('what does not fit is refused: another schema, itself, no dataset', async () => {
  const dataset = await lettersOf(range(0, 5));
  const other = await datasetOf(defineSchema({ x: field.text() }), [{ x: 'x' }]);
  await failure('ZC_FORMAT_SCHEMA', () => appendToDataset({ dataset, inputs: [other] }));
  await failure('ZC_ARGUMENT', () => appendToDataset({ dataset, inputs: [dataset] }));
  const empty = join(dirname(other), 'empty');
  mkdirSync(empty);
  await failure('ZC_IO_OPEN', () => appendToDataset({ dataset: empty, inputs: [other] }));
  expect(readdirSync(dirname(other)).sort()).toEqual(['data', 'empty']);
  expect(await numbersIn(dataset)).toEqual(range(0, 5));
});
