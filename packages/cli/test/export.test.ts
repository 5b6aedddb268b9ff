import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { ended, startZc, zc } from './helpers/run-zc.js';
import { arrayFile, imageFolder } from './helpers/sample-folder.js';

async function packed(input: string): Promise<string> {
  const output = join(temporaryDirectory(), 'train');
  expect((await zc('pack', input, output)).code).toBe(0);
  return output;
}

test('the format is the one of the ending; what changes is said', async () => {
  const dataset = await packed(imageFolder());
  const output = join(temporaryDirectory(), 'train.jsonl');
  const { code, stdout, stderr } = await zc('export', dataset, output, '--fields', 'label,name');
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/: 6 rows, 1 file, .* s\.\n$/) });
  expect(stderr).toContain('6 rows to jsonl\n  numbers without their dtype: label');
  expect(readFileSync(output, 'utf8').split('\n')[5]).toBe('{"label": 1, "name": "dog/5.jpg"}');
});

test('--json gives one document and silences the talk', async () => {
  const dataset = await packed(imageFolder());
  const output = join(temporaryDirectory(), 'tars');
  const result = await zc('export', dataset, output, '--to', 'webdataset', '--shard-bytes', '2KiB', '--json');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const report = z.strictObject({
    output: z.literal(output),
    to: z.literal('webdataset'),
    samples: z.literal(6),
    files: z.literal(6),
    bytes: z.int().min(12_000),
    seconds: z.number().positive(),
  });
  report.parse(JSON.parse(result.stdout));
  expect(readdirSync(output)).toHaveLength(6);
});

test('a format that is not known is a usage error', async () => {
  const dataset = await packed(imageFolder(2));
  expect(await zc('export', dataset, 'x', '--to', 'csv')).toMatchObject({ code: 2 });
  const { code, stderr } = await zc('export', dataset, join(temporaryDirectory(), 'x.csv'));
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('webdataset, parquet, arrow'),
  });
});

test('SIGINT in the middle leaves nothing behind', async () => {
  const dataset = await packed(arrayFile(40_000, 2000));
  const parent = temporaryDirectory();
  const output = join(parent, 'x');
  const child = startZc(['export', dataset, output, '--to', 'jsonl', '--shard-bytes', '1MB']);
  const done = ended(child);
  while (!existsSync(join(parent, '.x.zc-partial', 'shard-000003.jsonl'))) await sleep(2);
  child.kill('SIGINT');
  expect(await done).toMatchObject({ code: 130, stdout: '' });
  expect(readdirSync(dirname(output))).toEqual([]);
});

test('what a killed run left of a file is no output, and the next run takes its place', async () => {
  const dataset = await packed(arrayFile(40_000, 2000));
  const parent = temporaryDirectory();
  const output = join(parent, 'x.jsonl');
  const child = startZc(['export', dataset, output]);
  const done = ended(child);
  while (!existsSync(join(parent, '.x.jsonl.export.zc-partial'))) await sleep(2);
  child.kill('SIGKILL');
  await done;
  expect(existsSync(output)).toBe(false);
  expect((await zc('export', await packed(imageFolder()), output)).code).toBe(0);
  expect(readdirSync(parent)).toEqual(['x.jsonl']);
});
