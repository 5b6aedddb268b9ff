import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';
import { preview } from '../../src/index.js';
import { folderOf } from '../helpers/folder-of.js';
import { packedRows } from '../helpers/packed-rows.js';
import { wavFile } from '../helpers/wav-file.js';

type Pixels = { shape: number[]; data: Uint8Array };

const solid = (channels: 3 | 4, background: object, [width, height] = [8, 4]) =>
  sharp({ create: { width: width!, height: height!, channels, background } });

async function images(): Promise<string> {
  const folder = temporaryDirectory();
  const red = { r: 200, g: 20, b: 20 };
  writeFileSync(join(folder, 'a.png'), await solid(3, red).png().toBuffer());
  writeFileSync(
    join(folder, 'b.png'),
    await solid(4, { ...red, alpha: 0.5 })
      .png()
      .toBuffer(),
  );
  writeFileSync(join(folder, 'c.jpg'), await solid(3, { r: 99, g: 99, b: 99 }).greyscale().jpeg().toBuffer());
  writeFileSync(join(folder, 'd.webp'), await solid(3, red).webp({ lossless: true }).toBuffer());
  return folder;
}

test('images of any kind become three channels of eight bits', async () => {
  const { rows, fields } = await packedRows({ input: await images(), decode: true });
  expect(fields[0]).toMatchObject({ name: 'image', dtype: 'uint8', shape: [null, null, 3] });
  const pixels = rows.map(({ image }) => image as Pixels);
  for (const { shape } of pixels) expect(shape).toEqual([4, 8, 3]);
  expect(pixels.map(({ data }) => [...data.subarray(0, 3)])).toEqual([
    [200, 20, 20],
    [200, 20, 20],
    [99, 99, 99],
    [200, 20, 20],
  ]);
});

test('a size makes the field fixed; a crop keeps the middle', async () => {
  const folder = temporaryDirectory();
  const halves = solid(3, { r: 0, g: 0, b: 0 }, [30, 10]).composite([
    { input: await solid(3, { r: 255, g: 255, b: 255 }, [10, 10]).png().toBuffer(), left: 10, top: 0 },
  ]);
  writeFileSync(join(folder, 'a.png'), await halves.png().toBuffer());
  const cropped = await packedRows({ input: folder, decode: true, resize: '10x10', crop: 'center' });
  expect(cropped.fields[0]).toMatchObject({ shape: [10, 10, 3] });
  expect((cropped.rows[0]!.image as Pixels).data.every((value) => value === 255)).toBe(true);
  const stretched = await packedRows({ input: folder, decode: true, resize: '6x2' });
  expect((stretched.rows[0]!.image as Pixels).data[0]).toBeLessThan(16);
});

test('a photo is turned as its orientation says', async () => {
  const folder = temporaryDirectory();
  const turned = solid(3, { r: 9, g: 9, b: 9 }).jpeg().withMetadata({ orientation: 6 });
  writeFileSync(join(folder, 'a.jpg'), await turned.toBuffer());
  const { rows } = await packedRows({ input: folder, decode: true });
  expect((rows[0]!.image as Pixels).shape).toEqual([8, 4, 3]);
});

test('an image that is cut short is named, or skipped', async () => {
  const input = await images();
  const whole = await solid(3, { r: 1, g: 2, b: 3 }, [64, 64]).jpeg().toBuffer();
  writeFileSync(join(input, 'e.jpg'), whole.subarray(0, whole.length - 100));
  const options = { input, decode: true, include: ['[ae].*'] };
  const error = await failure('ZC_CONVERT_SOURCE', () => packedRows(options));
  expect(error).toMatchObject({ path: join(input, 'e.jpg') });
  expect(error.message).toContain('the image cannot be decoded');
  const { report } = await packedRows({ ...options, onError: 'skip' });
  expect(report).toMatchObject({ samples: 1, skipped: 1, errors: [{ row: 1 }] });
});

test('FLAC files become the samples that were encoded', async () => {
  const golden = join(import.meta.dirname, '..', 'golden', 'flac');
  const { rows, fields, metadata } = await packedRows({ input: golden, include: ['*.flac'], decode: true });
  expect(fields[0]).toMatchObject({ name: 'audio', dtype: 'int16', shape: [null, 2] });
  expect(metadata.sample_rate).toBe('16000');
  const { shape, data } = rows[0]!.audio as { shape: number[]; data: Int16Array };
  expect(shape).toEqual([1000, 2]);
  expect(data).toEqual(
    Int16Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 32 : -32) * Math.floor(i / 2) + (i % 2)),
  );
});

test('samples of recordings as floats', async () => {
  const input = folderOf({ 'x.bin': wavFile(Int16Array.of(-32768, 0, 16384)) });
  const { rows } = await packedRows({ input, decode: true, audio: 'float32' });
  expect(rows[0]!.data).toMatchObject({ data: Float32Array.of(-1, 0, 0.5) });
});

test.each([
  [{ decode: true }, 'no field holds an encoded image or recording: text (utf8), name (utf8)'],
  [{ resize: '2x2' }, 'resize works on what decode makes'],
  [{ decode: true, crop: 'center' }, 'crop works on what resize makes'],
  [{ decode: true, resize: '2' }, 'expected WIDTHxHEIGHT'],
] as const)('refused: %o', async (options, words) => {
  const error = await failure('ZC_ARGUMENT', () =>
    preview({ input: folderOf({ 'a.txt': 'x' }), ...options }),
  );
  expect(error.message).toContain(words);
});
