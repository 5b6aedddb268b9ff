import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { zc } from './helpers/run-zc.js';
import { imageFolder } from './helpers/sample-folder.js';

let dataset: string;
beforeAll(async () => {
  dataset = join(temporaryDirectory(), 'train');
  await zc('pack', imageFolder(), dataset, '--shard-bytes', '4KiB');
});

const inspection = z.strictObject({
  path: z.string(),
  kind: z.enum(['dataset', 'shard']),
  samples: z.int(),
  bytes: z.int(),
  main: z.string(),
  metadata: z.record(z.string(), z.string()),
  fields: z.array(
    z.looseObject({
      name: z.string(),
      kind: z.enum(['tensor', 'bytes', 'utf8', 'json']),
      fixed: z.boolean(),
      rowsBytes: z.int(),
      tablesBytes: z.int(),
    }),
  ),
  shards: z.array(
    z.strictObject({
      name: z.string(),
      samples: z.int(),
      bytes: z.int(),
      uuid: z.string(),
      sha256: z.string().nullable(),
      layout: z.array(z.strictObject({ field: z.string(), offset: z.int(), length: z.int() })),
    }),
  ),
});

test('a dataset as JSON: its fields with their bytes in all shards, its shards with their layout', async () => {
  const { code, stdout, stderr } = await zc('inspect', dataset, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const found = inspection.parse(JSON.parse(stdout));
  expect(found).toMatchObject({
    kind: 'dataset',
    samples: 6,
    main: 'image',
    metadata: { classes: '["cat","dog"]' },
  });
  expect(found.fields.map(({ name, fixed, rowsBytes }) => [name, fixed, rowsBytes])).toEqual([
    ['image', false, 12_000],
    ['label', true, 48],
    ['name', false, 54],
  ]);
  expect(found.shards.map(({ samples }) => samples)).toEqual([2, 2, 2]);
  expect(found.shards[1]?.layout[0]).toEqual({ field: 'image', offset: 4096, length: 4000 });
});

test('a single shard', async () => {
  const { stdout } = await zc('inspect', join(dataset, 'shard-000001.zcs'), '--json');
  const found = inspection.parse(JSON.parse(stdout));
  expect(found).toMatchObject({
    kind: 'shard',
    samples: 2,
    shards: [{ name: 'shard-000001.zcs', sha256: null }],
  });
});

test('a table for people', async () => {
  const { code, stdout, stderr } = await zc('inspect', dataset);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(': dataset, 6 rows, 3 shards, ');
  expect(stdout).toMatch(/^image \* +bytes \(image\/jpeg\) +variable +11\.7 KiB +2\.0 KiB +row +none$/m);
  expect(stdout).toMatch(/^label +int64 +fixed +48 bytes +8 bytes +block +none$/m);
  expect(stdout).toMatch(/^classes = \["cat","dog"\]$/m);
  expect(stdout).toMatch(/^shard-000002\.zcs +2 +/m);
});
