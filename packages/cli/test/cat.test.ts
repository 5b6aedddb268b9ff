import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { ended, zc, zcPath } from './helpers/run-zc.js';

const schema = defineSchema({
  matrix: field.tensor('float32', [2, 2]),
  ragged: field.tensor('int64', [null]),
  half: field.tensor('float16', [1]),
  label: field.scalar('uint64'),
  photo: field.bytes({ mediaType: 'image/png' }),
  caption: field.text(),
  extra: field.json(),
});
const long = 'ü'.repeat(300);

let dataset: string;
beforeAll(async () => {
  dataset = join(temporaryDirectory(), 'all-kinds');
  await using writer = await DatasetWriter.create(dataset, { schema, shardBytes: 1 });
  for (const label of [7n, 2n ** 64n - 1n]) {
    await writer.append({
      matrix: Float32Array.of(0.5, Number.NaN, Number.POSITIVE_INFINITY, -1),
      ragged: BigInt64Array.of(-(2n ** 63n), 3n),
      half: Uint16Array.of(0x3c00),
      label,
      photo: new Uint8Array(20).fill(255),
      caption: long,
      extra: { a: [1, null] },
    });
  }
  await writer.finish();
});

test('a sample in short', async () => {
  const { code, stdout, stderr } = await zc('cat', dataset, '1');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const sample = JSON.parse(Buffer.from(stdout, 'latin1').toString());
  expect(sample).toMatchObject({
    matrix: { dtype: 'float32', shape: [2, 2], bytes: 16, head: [0.5, 'NaN', 'Infinity', -1] },
    ragged: { dtype: 'int64', shape: [2], min: '-9223372036854775808', max: '3' },
    half: { dtype: 'float16', head: [0x3c00] },
    label: '18446744073709551615',
    photo: { mediaType: 'image/png', bytes: 20, head: `${'ff'.repeat(16)}…` },
    caption: `${'ü'.repeat(200)}…`,
    extra: { a: [1, null] },
  });
});

test('--json leaves nothing out', async () => {
  const { stdout } = await zc('cat', dataset, '0', '--json');
  expect(JSON.parse(Buffer.from(stdout, 'latin1').toString())).toEqual({
    matrix: { dtype: 'float32', shape: [2, 2], data: [0.5, 'NaN', 'Infinity', -1] },
    ragged: { dtype: 'int64', shape: [2], data: ['-9223372036854775808', '3'] },
    half: { dtype: 'float16', shape: [1], data: [0x3c00] },
    label: '7',
    photo: Buffer.alloc(20, 255).toString('base64'),
    caption: long,
    extra: { a: [1, null] },
  });
});

test.each([
  ['matrix', Buffer.from(Float32Array.of(0.5, Number.NaN, Number.POSITIVE_INFINITY, -1).buffer)],
  ['ragged', Buffer.from(BigInt64Array.of(-(2n ** 63n), 3n).buffer)],
  ['half', Buffer.from([0x00, 0x3c])],
  ['label', Buffer.from([7, 0, 0, 0, 0, 0, 0, 0])],
  ['photo', Buffer.alloc(20, 255)],
  ['caption', Buffer.from(long)],
  ['extra', Buffer.from('{"a":[1,null]}')],
])('--field %s writes its bytes and nothing else', async (name, bytes) => {
  const { code, stdout, stderr } = await zc('cat', dataset, '0', '--field', name);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(Buffer.from(stdout, 'latin1')).toEqual(bytes);
});

test('--field with --json gives that field alone', async () => {
  const { stdout } = await zc('cat', join(dataset, 'shard-000001.zcs'), '0', '--field', 'label', '--json');
  expect(JSON.parse(stdout)).toEqual({ label: '18446744073709551615' });
});

test.each([
  [['99'], 2, 'ZC_INDEX_RANGE'],
  [['0', '--field', 'nope'], 2, 'The fields are matrix, ragged,'],
  [['-1'], 2, 'whole number'],
  [['x'], 2, 'whole number'],
])('%j ends with %d', async (args, code, words) => {
  const found = await zc('cat', dataset, ...args);
  expect(found).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
});

test('a pipe that closes is no error', async () => {
  const large = join(temporaryDirectory(), 'large');
  await using writer = await DatasetWriter.create(large, { schema: defineSchema({ x: field.bytes() }) });
  await writer.append({ x: new Uint8Array(8 * 2 ** 20) });
  await writer.finish();
  const script = `"${process.execPath}" "${zcPath}" cat "${large}" 0 --field x | head -c 10 | wc -c; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await ended(spawn('bash', ['-c', script]));
  expect(stderr).toBe('');
  expect(stdout.trim().split(/\s+/)).toEqual(['10', '0']);
});
