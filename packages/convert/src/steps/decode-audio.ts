import { ZcError } from '@zc/errors';
import { decodeWav } from '../sources/wav.js';

/** A recording as its samples, channels interleaved. */
export interface Sound {
  readonly data: Int16Array | Float32Array;
  readonly channels: number;
  readonly sampleRate: number;
}

/** What a sample of a recording is: 16 bits as they are stored, or a float from -1 to 1. */
export type SoundDtype = 'int16' | 'float32';

/** Decodes one recording. */
export type SoundDecoder = (bytes: Uint8Array, origin: string | undefined) => Promise<Sound>;

const INT16_SCALE = 2 ** 15;

/** A decoder of WAV files; depths other than 16 bits are brought to 16 first. */
export function wavDecoder(dtype: SoundDtype): SoundDecoder {
  return async (bytes, origin) => {
    const { samples, channels, sampleRate } = decodeWav(bytes, origin ?? 'a recording');
    const data = dtype === 'int16' ? samples : Float32Array.from(samples, (sample) => sample / INT16_SCALE);
    return { data, channels, sampleRate };
  };
}

/** A decoder of FLAC files, by libFLAC in WebAssembly; depths above 16 bits are rounded for `int16`. */
export async function flacDecoder(dtype: SoundDtype): Promise<SoundDecoder> {
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
  const decoder = new FLACDecoder();
  await decoder.ready;
  return async (bytes, path) => {
    const { channelData, samplesDecoded, sampleRate, bitDepth, errors } = await decoder.decodeFile(bytes);
    await decoder.reset();
    const [failure] = errors;
    if (failure !== undefined || samplesDecoded === 0) {
      const why = failure?.message ?? 'it has no samples';
      throw new ZcError('ZC_CONVERT_SOURCE', `the FLAC recording cannot be decoded: ${why}`, {
        path,
        offset: failure?.inputBytes,
      });
    }
    const data = interleaved(channelData, { length: samplesDecoded, bitDepth, dtype });
    return { data, channels: channelData.length, sampleRate };
  };
}

function interleaved(
  channels: readonly Float32Array[],
  { length, bitDepth, dtype }: { length: number; bitDepth: number; dtype: SoundDtype },
): Int16Array | Float32Array {
  const out = new (dtype === 'int16' ? Int16Array : Float32Array)(length * channels.length);
  // The decoder's floats reach 1 for the largest integer; the integers themselves are wanted.
  const largest = 2 ** (bitDepth - 1) - 1;
  const scale = dtype === 'int16' ? 2 ** (16 - bitDepth) : 2 ** (1 - bitDepth);
  for (const [channel, samples] of channels.entries()) {
    for (let i = 0; i < length; i++) {
      const value = Math.round(samples[i]! * largest) * scale;
      out[i * channels.length + channel] =
        dtype === 'int16' ? Math.min(Math.round(value), INT16_SCALE - 1) : value;
    }
  }
  return out;
}
