import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '@zc/format/node';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { zc } from './helpers/run-zc.js';
import { imageFolder } from './helpers/sample-folder.js';

let data: string;
beforeAll(async () => {
  data = join(temporaryDirectory(), 'data');
  await zc('pack', imageFolder(), data, '--shard-bytes', '4KiB');
});

const newPlace = () => join(temporaryDirectory(), 'out');

async function namesIn(directory: string): Promise<string[]> {
  await using dataset = await openDataset(directory);
  const names: string[] = [];
  for await (const { name } of dataset.rows()) names.push(String(name));
  return names;
}

const all = ['cat/0.jpg', 'cat/2.jpg', 'cat/4.jpg', 'dog/1.jpg', 'dog/3.jpg', 'dog/5.jpg'];

test('merge', async () => {
  const output = newPlace();
  const { code, stdout, stderr } = await zc('merge', data, data, output);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/: 12 rows, 6 shards, .* s\. Next: zc inspect .*out\n$/);
  expect(await namesIn(output)).toEqual([...all, ...all]);
  const again = await zc('merge', data, data, output, '--copy', '--overwrite', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ output, samples: 12, shards: 6 });
});

test('append', async () => {
  const grown = newPlace();
  await zc('merge', data, grown);
  const { code, stdout, stderr } = await zc('append', grown, data, data);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/: 12 rows, 6 shards, .* added, .* s\. It has 18 rows, 9 shards, .* now\.\n$/);
  expect(await namesIn(grown)).toEqual([...all, ...all, ...all]);
  const again = await zc('append', grown, data, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ dataset: grown, added: { samples: 6 }, samples: 24 });
});

test('head prints a line a sample', async () => {
  const { code, stdout, stderr } = await zc('head', data, '-n', '2');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).name)).toEqual(all.slice(0, 2));
  const whole = await zc('head', data, '--count', '1', '--json');
  expect(JSON.parse(whole.stdout).image).toBe(Buffer.alloc(2000).toString('base64'));
});

test('head makes a dataset', async () => {
  const output = newPlace();
  const { code, stdout } = await zc('head', data, output, '-n', '4', '--json');
  expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { output, samples: 4 } });
  expect(await namesIn(output)).toEqual(all.slice(0, 4));
});

test('an output in the input is refused', async () => {
  const refused = await zc('merge', data, join(data, 'x'));
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('the output lies in the input') });
  expect(readdirSync(data)).not.toContain('x');
});

test('split', async () => {
  const output = newPlace();
  const { code, stdout } = await zc('split', data, output, '--by', 'label');
  expect(code).toBe(0);
  expect(stdout.split('\n')[1]).toMatch(/out\/1: 3 rows, 1 shard, /);
  expect(await namesIn(join(output, '1'))).toEqual(all.slice(3));
  const drawn = await zc('split', data, newPlace(), '--counts', 'a=2,b=rest', '--seed', '7', '--json');
  expect(JSON.parse(drawn.stdout).parts).toMatchObject([
    { name: 'a', samples: 2 },
    { name: 'b', samples: 4 },
  ]);
  for (const fractions of ['a=0.5', 'a', 'a=1,a=0', 'a=x']) {
    expect((await zc('split', data, newPlace(), '--fractions', fractions)).code).toBe(2);
  }
});

test('reshard, and diff tells what is the same', async () => {
  const output = newPlace();
  const made = await zc('reshard', data, output, '--shard-bytes', '100KiB', '--codec', 'name=zstd');
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('6 rows, 1 shard') });
  const different = await zc('diff', data, output);
  expect(different).toMatchObject({ code: 1, stdout: expect.stringContaining('field "name" has codec') });
  const back = newPlace();
  await zc('reshard', output, back, '--codec', 'none', '--json');
  expect(await zc('diff', data, back)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^the same: 6 rows/),
  });
  const shuffled = newPlace();
  await zc('reshard', data, shuffled, '--shuffle-seed', '1');
  const { code, stdout } = await zc('diff', data, shuffled, '--list', '1', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    same: false,
    schema: [],
    list: [{ fields: expect.any(Array) }],
  });
});

test('stats', async () => {
  const { code, stdout, stderr } = await zc('stats', data);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^label +int64 +0 +1 +0\.5 +48 bytes +1\.00$/m);
  const { fields } = JSON.parse((await zc('stats', data, '--fields', 'label', '--json')).stdout);
  expect(fields).toMatchObject([{ name: 'label', min: '0', max: '1', mean: 0.5, bytes: 48 }]);
});
