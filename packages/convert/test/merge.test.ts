import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { type DatasetProgress, mergeDatasets } from '../src/index.js';
import { datasetOf, letters, lettersOf, numbersIn, range } from './helpers/dataset-of.js';

const newPlace = () => join(temporaryDirectory(), 'out');

test.each([false, true])('the samples of all, in order (copy: %s)', async (copy) => {
  const inputs = [await lettersOf(range(0, 20)), await lettersOf([]), await lettersOf(range(20, 31))];
  const output = newPlace();
  const report = await mergeDatasets({ inputs, output, copy });
  expect(await numbersIn(output)).toEqual(range(0, 31));
  expect(report).toMatchObject({ samples: 31, shards: readdirSync(output).length - 1 });
  // The inputs may go, and what was made stays.
  for (const input of inputs) rmSync(input, { recursive: true });
  expect(await numbersIn(output)).toEqual(range(0, 31));
});

test('a shard is the same file under a second name, or with `copy` one of its own', async () => {
  const input = await lettersOf(range(0, 5));
  const inode = (directory: string) => statSync(join(directory, 'shard-000000.zcs')).ino;
  const [linked, copied] = [newPlace(), newPlace()];
  await mergeDatasets({ inputs: [input], output: linked });
  await mergeDatasets({ inputs: [input], output: copied, copy: true });
  expect(inode(linked)).toBe(inode(input));
  expect(inode(copied)).not.toBe(inode(input));
});

test('a shard that is a symbolic link is taken, not the link', async () => {
  const input = await lettersOf(range(0, 2));
  const shard = join(input, 'shard-000000.zcs');
  renameSync(shard, join(input, 'blob'));
  symlinkSync('blob', shard);
  const output = newPlace();
  await mergeDatasets({ inputs: [input], output });
  rmSync(input, { recursive: true });
  expect(await numbersIn(output)).toEqual(range(0, 2));
});

test('the same inputs give the same bytes', async () => {
  const inputs = [await lettersOf(range(0, 9)), await lettersOf(range(3, 12))];
  const outputs = [newPlace(), newPlace()];
  for (const [i, output] of outputs.entries()) await mergeDatasets({ inputs, output, copy: i === 1 });
  const [a, b] = outputs.map((output) =>
    readdirSync(output).map((name) => readFileSync(join(output, name), 'hex')),
  );
  expect(a).toEqual(b);
});

test('datasets without samples make one without', async () => {
  const output = newPlace();
  await mergeDatasets({ inputs: [await lettersOf([]), await lettersOf([])], output });
  expect(await numbersIn(output)).toEqual([]);
});

test('another schema is refused with what differs, and nothing appears', async () => {
  const other = await datasetOf(defineSchema({ ...letterFields, label: field.scalar('int64') }), []);
  const output = newPlace();
  const error = await failure('ZC_FORMAT_SCHEMA', async () =>
    mergeDatasets({ inputs: [await lettersOf([1]), other], output }),
  );
  expect(error).toMatchObject({
    path: other,
    summary: expect.stringContaining('field "label" has dtype "int32" and "int64"'),
  });
  expect(readdirSync(join(output, '..'))).toEqual([]);
});

const letterFields = {
  image: field.tensor('uint8', [4, 4]),
  tokens: field.tensor('uint16', [null]),
  label: field.scalar('int32'),
  name: field.text(),
};

test('labels of other classes do not pass for the same ones', async () => {
  const classes = (names: string[]) =>
    datasetOf(defineSchema(letterFields, { metadata: { classes: JSON.stringify(names) } }), []);
  const inputs = [await classes(['cat', 'dog']), await classes(['dog', 'cat'])];
  const error = await failure('ZC_FORMAT_SCHEMA', () => mergeDatasets({ inputs, output: newPlace() }));
  expect(error.summary).toContain('the metadata "classes"');
  expect(letters.metadata).toEqual({});
});

test('a shard that is not the one of the manifest is refused, a damaged one when it is copied', async () => {
  const inputs = [await lettersOf(range(0, 20))];
  const shard = join(inputs[0]!, 'shard-000001.zcs');
  const bytes = readFileSync(shard);
  bytes[4096]! ^= 1;
  writeFileSync(shard, bytes);
  await failure('ZC_FORMAT_CHECKSUM', () => mergeDatasets({ inputs, output: newPlace(), copy: true }));
  cpSync(join(inputs[0]!, 'shard-000002.zcs'), shard);
  const output = newPlace();
  await failure('ZC_FORMAT_MANIFEST', () => mergeDatasets({ inputs, output }));
  expect(readdirSync(join(output, '..'))).toEqual([]);
});

test('an output in an input, by whatever path, is refused', async () => {
  const input = await lettersOf(range(0, 3));
  for (const output of [input, join(input, 'x'), join(input, '..', 'data', 'x')]) {
    await failure('ZC_ARGUMENT', () => mergeDatasets({ inputs: [input], output, overwrite: true }));
  }
});

test('progress ends with everything, and a signal ends it with nothing', async () => {
  const inputs = [await lettersOf(range(0, 20))];
  const seen: DatasetProgress[] = [];
  const report = await mergeDatasets({ inputs, output: newPlace(), onProgress: (now) => seen.push(now) });
  const { samples, bytes } = report;
  expect(seen.at(-1)).toEqual({ samples, samplesTotal: samples, bytes, bytesTotal: bytes });
  const output = newPlace();
  await failure('ZC_ABORTED', () => mergeDatasets({ inputs, output, signal: AbortSignal.abort() }));
  expect(readdirSync(join(output, '..'))).toEqual([]);
});
