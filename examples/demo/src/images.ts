import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sumOfWords } from '@zc/benchmarks';

export const SIDE = 128;
export const IMAGE_BYTES = SIDE * SIDE * 3;

/** Brightness of a pattern at a point, 0 to 1; `u` and `v` run over the image, moved and scaled at random. */
type Pattern = (u: number, v: number) => number;

const wave = (t: number) => 0.5 + 0.5 * Math.sin(t * 6);
const inside = (distance: number) => (distance < 0 ? 1 : 0);

/** One pattern a class. */
const PATTERNS: Readonly<Record<string, Pattern>> = {
  stripes_across: (_, v) => wave(v * 2),
  stripes_down: (u) => wave(u * 2),
  stripes_slanted: (u, v) => wave((u + v) * 1.4),
  checkers: (u, v) => (wave(u * 1.5) > 0.5 === wave(v * 1.5) > 0.5 ? 1 : 0),
  dots: (u, v) => inside(0.6 - wave(u * 2) * wave(v * 2)),
  disc: (u, v) => inside(Math.hypot(u, v) - 0.9),
  ring: (u, v) => inside(Math.abs(Math.hypot(u, v) - 0.9) - 0.2),
  square: (u, v) => inside(Math.max(Math.abs(u), Math.abs(v)) - 0.8),
  cross: (u, v) => inside(Math.min(Math.abs(u), Math.abs(v)) - 0.2),
  rays: (u, v) => wave(Math.atan2(v, u)),
};

export const CLASSES = Object.keys(PATTERNS);

export interface ImageSet {
  /** Folder with `image.npy` (uint8, [rows, 128, 128, 3]) and `label.npy` (int64, [rows]). */
  readonly folder: string;
  readonly rows: number;
  /** Wrapping sum of all images and labels as 64-bit words. */
  readonly sum: string;
}

/** Draws `rows` noisy pictures of ten patterns in random place, size and colour, and writes them as arrays. */
export async function makeImages(folder: string, rows: number, seed: number): Promise<ImageSet> {
  mkdirSync(folder, { recursive: true });
  const random = generator(seed);
  const labels = new BigInt64Array(rows);
  const image = new Uint8Array(IMAGE_BYTES);
  const words = new Uint32Array(image.buffer);
  const file = await open(join(folder, 'image.npy'), 'w');
  let sum = 0n;
  try {
    await file.write(npyHeader('|u1', [rows, SIDE, SIDE, 3]));
    for (let row = 0; row < rows; row += 1) {
      const label = Math.floor(random() * CLASSES.length);
      draw(image, PATTERNS[CLASSES[label]!]!, random);
      await file.write(image);
      labels[row] = BigInt(label);
      sum += sumOfWords(words) + BigInt(label);
    }
  } finally {
    await file.close();
  }
  writeFileSync(
    join(folder, 'label.npy'),
    Buffer.concat([npyHeader('<i8', [rows]), new Uint8Array(labels.buffer)]),
  );
  return { folder, rows, sum: BigInt.asUintN(64, sum).toString() };
}

function draw(image: Uint8Array, pattern: Pattern, random: () => number): void {
  const scale = (2.2 + 1.8 * random()) / SIDE;
  const [centreX, centreY] = [(0.35 + 0.3 * random()) * SIDE, (0.35 + 0.3 * random()) * SIDE];
  const front = [random(), random(), random()].map((x) => 100 + 155 * x);
  const back = [random(), random(), random()].map((x) => 100 * x);
  let noise = Math.floor(random() * 2 ** 32);
  for (let y = 0, at = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const brightness = pattern((x - centreX) * scale, (y - centreY) * scale);
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
        const value = back[channel]! + brightness * (front[channel]! - back[channel]!) + (noise >>> 25) - 64;
        image[at] = Math.max(0, Math.min(255, value));
      }
    }
  }
}

/** Header of NumPy's array format, version 1.0, always 128 bytes. */
export const NPY_HEADER_BYTES = 128;

function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.alloc(NPY_HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(NPY_HEADER_BYTES - 10, 8);
  header.write(dictionary, 10, 'latin1');
  header.write('\n', NPY_HEADER_BYTES - 1);
  return header;
}

/** mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
