import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { exitCodeOf } from '../src/exit-code.js';
import { zc } from './helpers/run-zc.js';
import { imageFolder } from './helpers/sample-folder.js';

let data: string;
beforeAll(async () => {
  data = join(temporaryDirectory(), 'data');
  await zc('pack', imageFolder(), data);
});

test('the input is not there: 66', async () => {
  for (const args of [['inspect'], ['verify'], ['stats'], ['diff', data], ['merge', data]]) {
    const more = args[0] === 'merge' ? [join(temporaryDirectory(), 'out')] : [];
    const gone = join(temporaryDirectory(), 'gone');
    expect((await zc(...args, gone, ...more)).code, args[0]).toBe(66);
  }
});

test('the input is no such thing: 65; the output is there: 73; an index beyond the end: 2', async () => {
  const text = join(temporaryDirectory(), 'text');
  writeFileSync(text, 'x'.repeat(10_000));
  expect((await zc('inspect', text)).code).toBe(65);
  expect((await zc('merge', data, data)).code).toBe(2);
  expect((await zc('merge', data, temporaryDirectory())).code).toBe(0);
  const taken = temporaryDirectory();
  writeFileSync(join(taken, 'x'), '');
  expect((await zc('merge', data, taken)).code).toBe(73);
  expect((await zc('cat', data, '99')).code).toBe(2);
});

test('damage ends with 1, whoever meets it', async () => {
  const copy = join(temporaryDirectory(), 'copy');
  cpSync(data, copy, { recursive: true });
  const shard = join(copy, 'shard-000000.zcs');
  const bytes = readFileSync(shard);
  bytes[4096 + 10]! ^= 1;
  writeFileSync(shard, bytes);
  for (const command of ['verify', 'stats']) expect((await zc(command, copy)).code, command).toBe(1);
  expect((await zc('cat', copy, '0')).code).toBe(1);
  truncateSync(shard, 5000);
  expect((await zc('verify', copy)).code).toBe(1);
});

test.each<[string, ConstructorParameters<typeof ZcError>[0], Record<string, string | number>, number]>([
  ['a full disk', 'ZC_IO_WRITE', { errno: 'ENOSPC' }, 75],
  ['a full disk, from the engine', 'ZC_IO_WRITE', { errno: constants.errno.ENOSPC }, 75],
  ['a quota', 'ZC_IO_WRITE', { errno: 'EDQUOT' }, 75],
  ['another writer', 'ZC_FORMAT_BUSY', {}, 75],
  ['a failing disk', 'ZC_IO_READ', { errno: 'EIO' }, 74],
  ['a missing addon', 'ZC_IO_NO_ADDON', {}, 69],
  ['schemas that differ', 'ZC_FORMAT_SCHEMA', {}, 65],
  ['a broken source', 'ZC_CONVERT_SOURCE', {}, 65],
  ['a mistake of ours', 'ZC_INTERNAL', {}, 70],
])('%s', (_, code, details, expected) => {
  expect(exitCodeOf(new ZcError(code, 'x', details))).toBe(expected);
});

test('what is no error of ours is our mistake', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(70);
});
