import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { diffDatasets, reshardDataset } from '../src/index.js';
import { datasetOf, letter, letters, lettersOf, range } from './helpers/dataset-of.js';

async function stored(input: string, options: object): Promise<string> {
  const output = join(temporaryDirectory(), 'out');
  await reshardDataset({ input, output, ...options });
  return output;
}

test('the same samples are the same, however they are stored', async () => {
  const first = await lettersOf(range(0, 30));
  const same = {
    same: true,
    schema: [],
    samples: { first: 30, second: 30 },
    differing: 0,
    fields: {},
    list: [],
  };
  expect(await diffDatasets({ first, second: first })).toMatchObject(same);
  expect(await diffDatasets({ first, second: await stored(first, { shardBytes: 77 }) })).toMatchObject(same);
  const small = await stored(first, { codec: 'zstd' });
  expect(await diffDatasets({ first, second: small })).toMatchObject({ same: false, differing: 0 });
  const smaller = await stored(small, { codec: 'zstd', level: 19, shardBytes: 100 });
  expect(await diffDatasets({ first: small, second: smaller })).toMatchObject({ differing: 0 });
});

test('samples that differ, by number and field', async () => {
  const first = await lettersOf(range(0, 30));
  const changed = range(0, 25).map((i) => ({
    ...letter(i),
    ...(i === 3 && { label: 99 }),
    ...(i % 10 === 4 && { name: 'another', tokens: new Uint16Array(40) }),
  }));
  const second = await datasetOf(letters, changed, { shardBytes: 333 });
  const diff = await diffDatasets({ first, second, listMax: 2 });
  expect(diff).toMatchObject({
    same: false,
    schema: [],
    samples: { first: 30, second: 25 },
    differing: 4,
    fields: { label: 1, tokens: 3, name: 3 },
    list: [
      { index: 3, fields: ['label'] },
      { index: 4, fields: ['tokens', 'name'] },
    ],
  });
});

test('schemas that differ; the fields that both have are compared', async () => {
  const rows = [1, 2, 3];
  const a = defineSchema(
    { x: field.scalar('int32'), y: field.text(), z: field.json() },
    { metadata: { k: 'v' } },
  );
  const b = defineSchema({ x: field.scalar('int64'), y: field.text(), w: field.json() }, { main: 'w' });
  const first = await datasetOf(
    a,
    rows.map((x) => ({ x, y: `${x}`, z: 0 })),
  );
  const second = await datasetOf(
    b,
    rows.map((x) => ({ x: x + 1, y: `${x % 3}`, w: 0 })),
  );
  const { schema, differing, fields } = await diffDatasets({ first, second });
  expect(schema).toEqual([
    'field "z" is only in the first',
    'field "w" is only in the second',
    'field "x" has dtype "int32" and "int64"',
    'the main field is "y" and "w"',
    'the metadata "k" is "v" and nothing',
  ]);
  expect({ differing, fields }).toEqual({ differing: 1, fields: { y: 1 } });
});

test('shards of one SHA-256 are not read, also behind others', async () => {
  const first = await lettersOf(range(0, 40));
  const shards = range(0, 40).map((i) => (i === 5 ? { ...letter(i), label: 77 } : letter(i)));
  const second = await datasetOf(letters, shards);
  // Damage in the last shard of one side would be found if it were read.
  const name = readFileSync(join(second, 'dataset.json'), 'utf8')
    .match(/shard-\d+\.zcs/g)!
    .at(-1)!;
  const bytes = readFileSync(join(second, name));
  bytes[4096]! ^= 1;
  writeFileSync(join(second, name), bytes);
  expect(await diffDatasets({ first, second })).toMatchObject({ differing: 1, list: [{ index: 5 }] });
});

test('damage is no difference, and a signal ends it', async () => {
  const first = await lettersOf(range(0, 9));
  const second = await lettersOf(range(1, 10));
  const path = join(second, 'shard-000000.zcs');
  const bytes = readFileSync(path);
  bytes[4096]! ^= 1;
  writeFileSync(path, bytes);
  await failure('ZC_FORMAT_CHECKSUM', () => diffDatasets({ first, second }));
  await failure('ZC_ABORTED', () => diffDatasets({ first, second: first, signal: AbortSignal.abort() }));
});
