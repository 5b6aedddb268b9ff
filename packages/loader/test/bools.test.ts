import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, toFloat } from '../src/index.js';
import { writeDataset } from './helpers/datasets.js';
import { shardPaths } from './helpers/page-cache.js';

const schema = defineSchema({
  fixed: field.tensor('bool', [1500]),
  ragged: field.tensor('bool', [null]),
});
const MARK = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1];

/** Sample 11 holds the mark, which lies but once in the file. */
async function written(name: 'fixed' | 'ragged') {
  const samples = Array.from({ length: 20 }, (_, i) => {
    const rows = { fixed: new Uint8Array(1500), ragged: new Uint8Array(40 + i) };
    if (i === 11) rows[name].set(MARK, 16);
    return rows;
  });
  const directory = await writeDataset(schema, samples);
  const [path] = shardPaths(directory) as [string];
  return { directory, path, offset: readFileSync(path).indexOf(Uint8Array.from(MARK)) };
}

/** A row that was found right is not checked against its checksum again: what then comes of it are only its bytes. */
test.each([
  ['fixed', {}],
  ['ragged', {}],
  ['ragged', { pad: { ragged: { length: 64 } } }],
  ['fixed', { transforms: { fixed: [toFloat()] } }],
  ['ragged', { pad: { ragged: { value: 0.5 } }, transforms: { ragged: [toFloat()] } }],
] as const)('a bool that is neither 0 nor 1 is an error: %s %o', async (name, options) => {
  const { directory, path, offset } = await written(name);
  await using loader = await DataLoader.open(directory, { batchSize: 6, ...options });
  const readAll = async () => {
    for await (const batch of loader as AsyncIterable<Batch>) expect(batch.length).toBeGreaterThan(0);
  };
  await readAll();
  const fd = openSync(path, 'r+');
  writeSync(fd, Uint8Array.of(2), 0, 1, offset);
  closeSync(fd);
  const error = await failure('ZC_FORMAT_VALUE', readAll);
  expect(error.details).toMatchObject({ field: name, sample: 11 });
  expect(error.actual).toBe(2);
});
