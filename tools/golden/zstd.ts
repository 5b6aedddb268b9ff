/**
 * Writes the golden shard with compressed fields: `node --import tsx tools/golden/zstd.ts`, by a Node that has zstd
 * (22.15 or later).
 *
 * It is not among the others: every implementation must read it, but another release of the compressor need not
 * give the same bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { defineSchema, field } from '@zc/format';
import { nodeZstd } from '@zc/format/node';
import { describeGolden, encodeGolden } from './encode.js';

const folder = new URL('../../packages/format/test/golden/zstd/', import.meta.url);
const zstd = nodeZstd();
if (zstd === undefined) throw new Error(`Node ${process.version} has no zstd`);
const by = (codecLevel: number) => ({ codec: 'zstd', codecLibrary: zstd.library, codecLevel }) as const;

const WORDS = 'shard sample field row batch epoch extent slot lease'.split(' ');
const prose = (seed: number, words: number) =>
  Array.from({ length: words }, (_, i) => WORDS[(seed * 7 + i * i * 3 + (i >> 3)) % WORDS.length]).join(' ');
const wave = (length: number, seed: number) =>
  Int16Array.from({ length }, (_, i) => Math.round(9000 * Math.sin(i / (9 + seed)) + ((i * 31) % 7)));

const schema = defineSchema({
  image: field.tensor('uint8', [40, 50, 3], by(3)),
  audio: field.tensor('int16', [null], by(1)),
  grid: field.tensor('float32', [null, 2, null], by(19)),
  photo: field.bytes({ ...by(3), mediaType: 'image/jpeg' }),
  caption: field.text(by(9)),
  notes: field.json(by(3)),
  mark: field.tensor('bool', [], by(1)),
  label: field.scalar('int64'),
});

const samples = [0, 1, 2, 3].map((n) => ({
  image: {
    dtype: 'uint8',
    shape: [40, 50, 3],
    data: Uint8Array.from({ length: 6000 }, (_, i) => (i / 150) * n + (i % 3)),
  },
  audio: { dtype: 'int16', shape: [n * 700], data: wave(n * 700, n) },
  grid: {
    dtype: 'float32',
    shape: [n, 2, 3],
    data: Float32Array.from({ length: n * 6 }, (_, i) => i / 4),
  },
  photo: new Uint8Array(Buffer.from(prose(n, n * 40))),
  caption: n === 1 ? '' : prose(n, 200),
  notes: { words: prose(n, n * 3).split(' '), n },
  mark: n % 2 === 1,
  label: BigInt(n) - 2n,
}));

const golden = { file: 'zstd.zcs', schema, samples };
const { bytes, summary } = await encodeGolden({ ...golden, zstd });
mkdirSync(folder, { recursive: true });
writeFileSync(new URL(golden.file, folder), bytes);
writeFileSync(new URL('zstd.json', folder), `${JSON.stringify(describeGolden(golden, summary))}\n`);
