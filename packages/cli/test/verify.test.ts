import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { zc } from './helpers/run-zc.js';
import { imageFolder } from './helpers/sample-folder.js';

let whole: string;
beforeAll(async () => {
  whole = join(temporaryDirectory(), 'train');
  await zc('pack', imageFolder(), whole, '--shard-bytes', '4KiB');
});

/** A copy of the dataset in which something was changed. */
function damaged(change: (directory: string) => void): string {
  const copy = join(temporaryDirectory(), 'train');
  cpSync(whole, copy, { recursive: true });
  change(copy);
  return copy;
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset]! ^= 1;
  writeFileSync(path, bytes);
}

const report = z.strictObject({
  path: z.string(),
  ok: z.boolean(),
  seconds: z.number(),
  shards: z.array(
    z.strictObject({
      name: z.string(),
      ok: z.boolean(),
      samples: z.int(),
      bytes: z.int(),
      damageCount: z.int(),
      damage: z.array(z.looseObject({ code: z.string(), summary: z.string(), advice: z.string() })),
    }),
  ),
});

test('a whole dataset', async () => {
  const { code, stdout, stderr } = await zc('verify', whole);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/: every byte is as it was written \(6 rows, 3 shards, .* s\)\n$/);
  const json = report.parse(JSON.parse((await zc('verify', whole, '--json')).stdout));
  expect(json).toMatchObject({ ok: true, shards: [{ ok: true, samples: 2 }, { ok: true }, { ok: true }] });
});

test('a single shard', async () => {
  expect((await zc('verify', join(whole, 'shard-000000.zcs'))).code).toBe(0);
});

test('damaged rows are listed with their place, in every shard', async () => {
  const copy = damaged((directory) => {
    flip(join(directory, 'shard-000000.zcs'), 4096 + 100);
    flip(join(directory, 'shard-000002.zcs'), 4096 + 2100);
  });
  const { code, stdout } = await zc('verify', copy);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ZC_FORMAT_CHECKSUM .*shard-000000\.zcs @ 4096: row 0 of field "image"/m);
  expect(stdout).toMatch(/^ZC_FORMAT_CHECKSUM .*shard-000002\.zcs @ 6096: row 1 of field "image"/m);
  expect(stdout).toMatch(/: 4 findings \(6 rows, 3 shards, /);
  const json = report.parse(JSON.parse((await zc('verify', copy, '--json')).stdout));
  // The row, and the SHA-256 of the manifest.
  expect(json.shards.map(({ damage }) => damage.map(({ code: found }) => found))).toEqual([
    ['ZC_FORMAT_CHECKSUM', 'ZC_FORMAT_MANIFEST'],
    [],
    ['ZC_FORMAT_CHECKSUM', 'ZC_FORMAT_MANIFEST'],
  ]);
});

test.each<[string, (directory: string) => void, string]>([
  ['was cut', (d) => truncateSync(join(d, 'shard-000001.zcs'), 5000), 'ZC_FORMAT_'],
  ['grew', (d) => appendFileSync(join(d, 'shard-000001.zcs'), 'x'), 'ZC_FORMAT_'],
  ['is missing', (d) => rmSync(join(d, 'shard-000001.zcs')), 'ZC_IO_OPEN'],
  [
    'is another one',
    (d) => cpSync(join(d, 'shard-000002.zcs'), join(d, 'shard-000001.zcs')),
    'ZC_FORMAT_MANIFEST',
  ],
])('a shard that %s is damage, and the others are checked all the same', async (_how, change, code) => {
  const found = await zc('verify', damaged(change), '--json');
  expect(found).toMatchObject({ code: 1, stderr: '' });
  const { shards } = report.parse(JSON.parse(found.stdout));
  expect(shards.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(shards[1]?.damage[0]?.code).toContain(code);
});

test('a directory that is no dataset', async () => {
  const { code, stdout, stderr } = await zc('verify', temporaryDirectory());
  expect({ code, stdout }).toEqual({ code: 66, stdout: '' });
  expect(stderr).toContain('dataset.json');
});
