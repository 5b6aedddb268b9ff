import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { bytesOf, cuts, flips, readDamaged } from './helpers/hostile.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/tensorflow/${name}`, import.meta.url));

/** Record `i` of the files that `golden/tensorflow/make.py` writes. */
const record = (i: number) => ({
  box: Float32Array.of(i, 0 - i, 0.5, 1e30),
  image: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, i),
  label: BigInt(i - 2),
  score: Math.fround(i / 3),
  text: `Zeile ${i}`,
  tokens: BigInt64Array.from({ length: i }, (_, j) => 2n ** 62n + BigInt(j)),
});

test.each(['plain.tfrecord', 'packed.tfrecord.gz'])(
  '%s: every kind of feature, as TensorFlow wrote it',
  async (name) => {
    const source = await infer(golden(name));
    expect(source.schema.fields).toMatchObject([
      { name: 'box', dtype: 'float32', shape: [4] },
      { name: 'image', kind: 'bytes', mediaType: 'image/jpeg' },
      { name: 'label', dtype: 'int64', shape: [] },
      { name: 'score', dtype: 'float32', shape: [] },
      { name: 'text', kind: 'utf8' },
      { name: 'tokens', dtype: 'int64', shape: [null] },
    ]);
    expect(await collect(source)).toEqual([0, 1, 2, 3, 4].map(record));
  },
);

test('several files, and rows from anywhere', async () => {
  for (const from of [0, 3, 5, 7]) {
    const source = await infer([golden('plain.tfrecord'), golden('plain.tfrecord')]);
    const labels: unknown[] = [];
    for await (const row of source.rows(from)) if ('sample' in row) labels.push(row.sample.label);
    expect(labels).toEqual([-2n, -1n, 0n, 1n, 2n, -2n, -1n, 0n, 1n, 2n].slice(from));
  }
});

test('sequences are refused with the reason', async () => {
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => infer(golden('sequence.tfrecord')));
  expect(error.summary).toContain('SequenceExample');
});

test('a file that is cut within a record is refused', async () => {
  const bytes = bytesOf(golden('plain.tfrecord'));
  const lastRecord = [...cuts(bytes)].slice(-100).filter((_, i) => i % 3 === 0);
  const { accepted } = await readDamaged({ 'x.tfrecord': bytes }, 'x.tfrecord', lastRecord);
  expect(accepted).toBe(0);
});

test('no byte can change unseen', async () => {
  const bytes = bytesOf(golden('plain.tfrecord'));
  // Of the first head the kind of the file is told: without it the file is another.
  const damages = [...flips(bytes, 23)].slice(1);
  const { accepted } = await readDamaged({ 'x.tfrecord': bytes }, 'x.tfrecord', damages);
  expect(accepted).toBe(0);
});
