/** The bytes of a WAV file, laid out by hand: the canonical 44-byte head and the samples behind it. */
export function wavFile(
  samples: Uint8Array | Int16Array | Int32Array | Float32Array,
  options: { channels?: number; sampleRate?: number; formatTag?: number } = {},
): Uint8Array {
  const { channels = 1, sampleRate = 8000, formatTag = samples instanceof Float32Array ? 3 : 1 } = options;
  const { BYTES_PER_ELEMENT: sampleBytes } = samples;
  const bytes = new Uint8Array(44 + samples.byteLength);
  const view = new DataView(bytes.buffer);
  const ascii = (offset: number, text: string) => bytes.set(new TextEncoder().encode(text), offset);
  ascii(0, 'RIFF');
  view.setUint32(4, 36 + samples.byteLength, true);
  ascii(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, formatTag, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * sampleBytes, true);
  view.setUint16(32, channels * sampleBytes, true);
  view.setUint16(34, sampleBytes * 8, true);
  ascii(36, 'data');
  view.setUint32(40, samples.byteLength, true);
  bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), 44);
  return bytes;
}
