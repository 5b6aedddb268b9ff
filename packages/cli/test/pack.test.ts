import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { ended, startZc, zc } from './helpers/run-zc.js';
import { arrayFile, imageFolder } from './helpers/sample-folder.js';

test('a folder becomes a dataset; the result on stdout, what was guessed on stderr', async () => {
  const output = join(temporaryDirectory(), 'deep', 'train');
  const { code, stdout, stderr } = await zc('pack', imageFolder(), output);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('2 classes') });
  expect(stderr).toContain('image: bytes (image/jpeg)');
  expect(stdout).toMatch(/: 6 rows, 1 shard, .* s\. Next: zc inspect .*train\n$/);
  await using dataset = await openDataset(output);
  expect(await dataset.get(5)).toEqual({
    image: new Uint8Array(2000).fill(5),
    label: 1n,
    name: 'dog/5.jpg',
  });
  expect(readdirSync(dirname(output))).toEqual(['train']);
});

test('--json gives one document and silences the talk', async () => {
  const output = join(temporaryDirectory(), 'train');
  const { code, stdout, stderr } = await zc('pack', imageFolder(), output, '--json', '--shard-bytes', '4KiB');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = z.strictObject({
    output: z.literal(output),
    samples: z.literal(6),
    shards: z.literal(3),
    bytes: z.int().min(12_000),
    seconds: z.number().positive(),
    resumed: z.literal(0),
    skipped: z.literal(0),
    errors: z.tuple([]),
  });
  report.parse(JSON.parse(stdout));
  expect(readdirSync(output)).toEqual([
    'dataset.json',
    'shard-000000.zcs',
    'shard-000001.zcs',
    'shard-000002.zcs',
  ]);
});

test('--dry-run prints the schema, and writes nothing', async () => {
  const parent = temporaryDirectory();
  const output = join(parent, 'x');
  const { code, stdout, stderr } = await zc('pack', imageFolder(), output, '--dry-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/: 6 images; 2 classes .*\n {2}image: bytes \(image\/jpeg\)\n {2}label: int64\n/);
  const json = await zc('pack', imageFolder(), output, '--dry-run', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ output, samples: 6, schema: { main: 'image' } });
  expect(readdirSync(parent)).toEqual([]);
});

test('a path alone is no packing', async () => {
  const { code, stderr } = await zc('pack', imageFolder());
  expect(code).toBe(2);
  expect(stderr).toContain('a source and an output directory are wanted');
});

test('patterns and labels as asked', async () => {
  const output = join(temporaryDirectory(), 'x');
  const { code } = await zc('pack', imageFolder(), output, '--exclude', '[0-3].jpg', '--label-from', 'none');
  expect(code).toBe(0);
  await using dataset = await openDataset(output);
  expect(dataset.length).toBe(2);
  expect(await dataset.get(0)).toEqual({ image: new Uint8Array(2000).fill(4), name: 'cat/4.jpg' });
});

test('--no-sha256 leaves it out', async () => {
  const output = join(temporaryDirectory(), 'x');
  await zc('pack', imageFolder(), output, '--no-sha256');
  await using dataset = await openDataset(output);
  expect(dataset.manifest.shards[0]?.sha256).toBeNull();
});

test('what is there already stays, unless it is to be replaced', async () => {
  const output = join(temporaryDirectory(), 'x');
  expect((await zc('pack', imageFolder(2), output)).code).toBe(0);
  const refused = await zc('pack', imageFolder(4), output);
  expect(refused).toMatchObject({ code: 73, stdout: '' });
  expect(refused.stderr).toContain('ZC_IO_EXISTS');
  expect((await zc('pack', imageFolder(4), output, '--overwrite')).code).toBe(0);
  await using dataset = await openDataset(output);
  expect(dataset.length).toBe(4);
});

test('an input that fails half-way leaves nothing behind', async () => {
  const input = temporaryDirectory();
  writeFileSync(join(input, 'a.txt'), 'good');
  writeFileSync(join(input, 'b.txt'), Uint8Array.of(0xff));
  const parent = temporaryDirectory();
  const { code, stdout, stderr } = await zc('pack', input, join(parent, 'x'));
  expect({ code, stdout }).toEqual({ code: 65, stdout: '' });
  expect(stderr).toContain(`ZC_CONVERT_SOURCE ${join(input, 'b.txt')}: the text is not UTF-8.`);
  expect(readdirSync(parent)).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s in the middle publishes nothing; --resume goes on to the same bytes',
  async (signal, expected) => {
    const input = arrayFile(60_000, 2000);
    const parent = temporaryDirectory();
    const output = join(parent, 'x');
    const child = startZc(['pack', input, output, '--shard-bytes', '1MB']);
    const done = ended(child);
    const partial = join(parent, '.x.zc-partial');
    // In the middle: some shards are closed, most are not begun.
    while (!existsSync(join(partial, 'shard-000003.zcs'))) await sleep(2);
    child.kill(signal);
    const { code, stdout, stderr } = await done;
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(/ rows stay in .*\.x\.zc-partial: --resume, added to the same command, goes on/);
    expect(stderr).toContain('Interrupted; nothing was published.');
    expect(readdirSync(parent)).toEqual(['.x.zc-partial']);
    const resumed = await zc('pack', input, output, '--shard-bytes', '1MB', '--resume');
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/Going on behind [\d,]+ rows/) });
    const whole = join(parent, 'whole');
    await zc('pack', input, whole, '--shard-bytes', '1MB');
    expect(readFileSync(join(output, 'dataset.json'))).toEqual(readFileSync(join(whole, 'dataset.json')));
    expect(readdirSync(parent)).toEqual(['whole', 'x']);
    expect(readdirSync(output)).toEqual(readdirSync(whole));
  },
);

test('what a killed run left is no dataset, and the next run takes its place', async () => {
  const input = arrayFile(60_000, 2000);
  const parent = temporaryDirectory();
  const output = join(parent, 'x');
  const child = startZc(['pack', input, output, '--shard-bytes', '1MB']);
  const done = ended(child);
  while (!existsSync(join(parent, '.x.zc-partial', 'shard-000003.zcs'))) await sleep(2);
  child.kill('SIGKILL');
  await done;
  expect(existsSync(output)).toBe(false);
  expect((await zc('pack', imageFolder(), output)).code).toBe(0);
  expect(readdirSync(parent)).toEqual(['x']);
});

test('an empty directory may be the target', async () => {
  const output = join(temporaryDirectory(), 'x');
  mkdirSync(output);
  expect((await zc('pack', imageFolder(), output)).code).toBe(0);
});
