import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isZcError } from '@zc/errors';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/megatron/${name}`, import.meta.url));

/** The documents of golden/megatron/make.py; 65535 fills the widest of an uint16. */
const documents = [[1, 2, 3], [4, 5, 6, 65535], [], [], [7, 8]];

test.each([
  ['uint16', 'bin', Uint16Array],
  ['int32', 'idx', Int32Array],
  ['float32', 'idx', Float32Array],
] as const)('documents of what Megatron-Core wrote: %s, by its .%s', async (dtype, ending, array) => {
  const source = await infer(golden(`${dtype}.${ending}`));
  expect(source.schema.fields).toMatchObject([{ name: 'tokens', dtype, shape: [null] }]);
  expect(await collect(source)).toEqual(documents.map((tokens) => ({ tokens: array.from(tokens) })));
});

test('documents from the middle', async () => {
  const found: unknown[] = [];
  for await (const row of (await infer(golden('int32.idx'))).rows(4))
    found.push('sample' in row && row.sample);
  expect(found).toEqual([{ tokens: Int32Array.of(7, 8) }]);
});

test('the code that meant float32 before Megatron-Core is told from float64 by the length of the tokens', async () => {
  const { idx } = changed('float32', (bytes) => bytes.writeUInt8(6, 17));
  expect((await infer(idx)).schema.fields).toMatchObject([{ dtype: 'float32' }]);
});

test.each([
  ['more sequences than there are', 18, 2n ** 60n],
  ['more documents than there are', 26, 2n ** 60n],
  ['a sequence that begins beyond the tokens', 34 + 6 * 4, 1n << 40n],
  ['a sequence that begins before the tokens', 34 + 6 * 4, -8n],
  ['a document that ends before it begins', 34 + 6 * 12 + 8, -1n],
  ['a document of more sequences than there are', 34 + 6 * 12 + 8, 7n],
])('an index that claims %s is refused', async (_what, at, value) => {
  const { idx } = changed('int32', (bytes) => bytes.writeBigInt64LE(value, at));
  const error = await failure('ZC_CONVERT_SOURCE', async () => collect(await infer(idx)));
  expect(error.path).toBe(idx);
});

test('tokens without their index or index without its tokens', async () => {
  const root = temporaryDirectory();
  copyFileSync(golden('int32.idx'), join(root, 'a.idx'));
  await failure('ZC_IO_OPEN', () => infer(join(root, 'a.idx')));
});

test('an index that was cut anywhere or has a flipped bit is read or refused', async () => {
  const whole = readFileSync(golden('int32.idx'));
  const { idx } = changed('int32', () => {});
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    for (const bytes of [whole.subarray(0, at), flipped]) {
      writeFileSync(idx, bytes);
      try {
        await collect(await infer(idx));
      } catch (error) {
        if (!isZcError(error)) throw error;
      }
    }
  }
});

function changed(name: string, change: (idx: Buffer) => unknown): { idx: string } {
  const root = temporaryDirectory();
  const bytes = readFileSync(golden(`${name}.idx`));
  change(bytes);
  writeFileSync(join(root, 'x.idx'), bytes);
  copyFileSync(golden(`${name}.bin`), join(root, 'x.bin'));
  return { idx: join(root, 'x.idx') };
}
