import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { decodeWav } from '../src/sources/wav.js';
import { wavFile } from './helpers/wav-file.js';

test('16-bit samples are taken as they are, as a view where the address permits it', () => {
  const bytes = wavFile(Int16Array.of(-32768, 0, 1, 32767), { sampleRate: 44100 });
  const { samples, channels, sampleRate } = decodeWav(bytes, 'a.wav');
  expect([...samples]).toEqual([-32768, 0, 1, 32767]);
  expect({ channels, sampleRate }).toEqual({ channels: 1, sampleRate: 44100 });
});

test('an odd address leads to a copy with the same samples', () => {
  const bytes = wavFile(Int16Array.of(7, -8));
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect([...decodeWav(shifted.subarray(1), 'a.wav').samples]).toEqual([7, -8]);
});

test('channels stay interleaved', () => {
  const recording = decodeWav(wavFile(Int16Array.of(1, -1, 2, -2), { channels: 2 }), 'a.wav');
  expect(recording.channels).toBe(2);
  expect([...recording.samples]).toEqual([1, -1, 2, -2]);
});

test.each([
  ['8-bit', Uint8Array.of(0, 128, 255), [-32768, 0, 32767]],
  ['32-bit', Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1), [-32768, 0, 32767]],
  ['float', Float32Array.of(-1, 0, 1), [-32768, 0, 32767]],
])('%s samples are converted', (_name, samples, expected) => {
  const decoded = [...decodeWav(wavFile(samples), 'a.wav').samples];
  expect(decoded).toHaveLength(expected.length);
  // Rounding at the ends of the range is the library's.
  decoded.forEach((sample, i) => {
    expect(Math.abs(sample - expected[i]!)).toBeLessThanOrEqual(130);
  });
});

test('a recording that was cut short is refused, at whatever byte', async () => {
  const bytes = wavFile(Int16Array.of(1, 2, 3));
  for (let length = 0; length < bytes.length; length++) {
    const error = await failure('ZC_CONVERT_SOURCE', () => decodeWav(bytes.subarray(0, length), 'cut.wav'));
    expect(error.path).toBe('cut.wav');
  }
});

test.each([
  ['ADPCM', 2],
  ['MP3', 0x55],
])('a compressed recording (%s) is refused with what to do', async (_name, formatTag) => {
  const bytes = wavFile(Uint8Array.of(1, 2, 3, 4), { formatTag });
  new DataView(bytes.buffer).setUint16(34, 4, true);
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => decodeWav(bytes, 'a.wav'));
  expect(error.advice).toContain('16-bit PCM');
});

test('a recording without channels is refused', async () => {
  await failure('ZC_CONVERT_SOURCE', () => decodeWav(wavFile(Int16Array.of(1), { channels: 0 }), 'a.wav'));
});
