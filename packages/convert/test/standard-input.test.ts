import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tarOf } from './helpers/tar-of.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

// Standard input belongs to a process, so this is the built package in another one.
const program = `
  import { infer } from '@zc/convert';
  const rows = [];
  for await (const row of (await infer('-')).rows(0)) rows.push(Object.keys(row.sample ?? {}).length);
  console.log(JSON.stringify(rows));
`;

function fieldsOfRows(input: Uint8Array): unknown {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const args = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { input, cwd, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('a short tar on standard input', () => {
  expect(fieldsOfRows(readFileSync(golden('webdataset/two.tar.gz')))).toEqual([8, 8]);
});

test('a tar on standard input that is longer than what is looked at', () => {
  const content = Buffer.alloc(2 ** 20, 1);
  const entries = Array.from({ length: 40 }, (_, i) => ({ name: `${i}.bin`, content }));
  expect(fieldsOfRows(tarOf(entries))).toEqual(entries.map(() => 2));
});
