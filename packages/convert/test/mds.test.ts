import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { bytesOf, cuts, flips, readDamaged } from './helpers/hostile.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/mosaicml/${name}`, import.meta.url));

/** Sample `i` of the datasets that `golden/mosaicml/make.py` writes. */
const sample = (i: number) => ({
  image: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, i),
  label: BigInt(i - 3),
  text: `Zeile ${i}`,
  pixels: { dtype: 'uint8', shape: [2, 3], data: Uint8Array.from({ length: 6 }, (_, j) => i + j) },
  tokens: { dtype: 'int32', shape: [i + 1], data: Int32Array.from({ length: i + 1 }, (_, j) => j) },
  any: { dtype: 'float32', shape: [2, i + 1], data: new Float32Array(2 * (i + 1)).fill(i) },
  extra: { i, list: [1, null] },
  small: 0 - i,
  wide: 2n ** 64n - 1n - BigInt(i),
  half: i / 2,
  exact: i / 3,
});

test.each(['plain', 'packed'])('%s: every encoding, as streaming wrote it', async (name) => {
  const source = await infer(golden(name));
  const fields = Object.fromEntries(source.schema.fields.map((field) => [field.name, field]));
  expect(fields).toMatchObject({
    image: { kind: 'bytes' },
    label: { dtype: 'int64', shape: [] },
    text: { kind: 'utf8' },
    pixels: { dtype: 'uint8', shape: [2, 3] },
    tokens: { dtype: 'int32', shape: [null] },
    any: { dtype: 'float32', shape: [null, null] },
    extra: { kind: 'json' },
    small: { dtype: 'int8' },
    wide: { dtype: 'uint64' },
    half: { dtype: 'float16' },
    exact: { dtype: 'float64' },
  });
  expect(source.samples).toBe(6);
  expect(await collect(source)).toEqual([0, 1, 2, 3, 4, 5].map(sample));
});

test('rows from anywhere', async () => {
  for (const from of [0, 4, 5, 6]) {
    const source = await infer(golden('plain'));
    const texts: unknown[] = [];
    for await (const row of source.rows(from)) if ('sample' in row) texts.push(row.sample.text);
    expect(texts).toEqual([0, 1, 2, 3, 4, 5].slice(from).map((i) => `Zeile ${i}`));
  }
});

test('pickles are refused with the reason', async () => {
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => infer(golden('pickled')));
  expect(error.summary).toContain('column "thing" is encoded as pkl');
});

const files = (name: string, shards: readonly string[]) =>
  Object.fromEntries(['index.json', ...shards].map((file) => [file, bytesOf(golden(`${name}/${file}`))]));

test('a shard that is cut is refused', async () => {
  const plain = files('plain', ['shard.00000.mds', 'shard.00001.mds']);
  const shard = plain['shard.00001.mds']!;
  expect((await readDamaged(plain, 'shard.00001.mds', cuts(shard, 37))).accepted).toBe(0);
  const packed = files('packed', ['shard.00000.mds.zstd', 'shard.00001.mds.zstd']);
  const frame = packed['shard.00001.mds.zstd']!;
  expect((await readDamaged(packed, 'shard.00001.mds.zstd', cuts(frame, 29))).accepted).toBe(0);
});

test('a shard with a byte turned over is read or refused, and nothing else', async () => {
  const plain = files('plain', ['shard.00000.mds', 'shard.00001.mds']);
  const { refused } = await readDamaged(plain, 'shard.00001.mds', flips(plain['shard.00001.mds']!, 5));
  expect(refused).toBeGreaterThan(5);
});

test('an index that names files elsewhere, or makes no sense, is refused', async () => {
  const plain = files('plain', ['shard.00000.mds', 'shard.00001.mds']);
  const text = Buffer.from(plain['index.json']!).toString();
  const damages = [
    text.replace('shard.00001.mds', '../shard.mds'),
    text.replace('"bytes": 596', '"bytes": 1e300'),
    text.replace('"samples": 1,', '"samples": 7,'),
    text.replace('"version": 2}', '"version": 9}'),
    text.replace('"compression": null', '"compression": "br"'),
    text.slice(0, -3),
  ].map((changed) => Buffer.from(changed));
  expect(await readDamaged(plain, 'index.json', damages)).toEqual({ refused: damages.length, accepted: 0 });
});
