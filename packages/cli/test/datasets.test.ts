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
