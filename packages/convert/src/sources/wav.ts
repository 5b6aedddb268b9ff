import { ZcError } from '@zc/errors';
import wavefile from 'wavefile';

/** A decoded recording. */
export interface Recording {
  /** Samples of all channels, interleaved; a view of the file's bytes where these are 16-bit and aligned. */
  readonly samples: Int16Array;
  readonly channels: number;
  /** Samples a second of one channel. */
  readonly sampleRate: number;
}

/**
 * Decodes a WAV file to 16-bit samples.
 *
 * 16-bit PCM is taken as it is; other depths, floats, A-law and mu-law are converted. Compressed kinds are
 * refused.
 *
 * @param path for messages
 * @throws ZC_CONVERT_SOURCE for a damaged file, ZC_CONVERT_UNSUPPORTED for a compressed one
 */
export function decodeWav(bytes: Uint8Array, path: string): Recording {
  let wav: ParsedWav;
  try {
    wav = new wavefile.WaveFile(bytes) as unknown as ParsedWav;
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', `not a WAV file: ${(cause as Error).message}`, { path, cause });
  }
  const { numChannels: channels, sampleRate } = wav.fmt;
  if (channels < 1 || sampleRate < 1) {
    throw new ZcError('ZC_CONVERT_SOURCE', `${channels} channels at ${sampleRate} Hz are no recording`, {
      path,
    });
  }
  // The parser takes what there is; a recording that was cut short would pass for a shorter one.
  if (wav.data.samples.length < wav.data.chunkSize) {
    throw new ZcError('ZC_CONVERT_SOURCE', 'the recording was cut short', {
      path,
      expected: wav.data.chunkSize,
      actual: wav.data.samples.length,
    });
  }
  toInt16(wav, path);
  const samples = int16View(wav.data.samples);
  if (samples.length % channels !== 0) {
    throw new ZcError(
      'ZC_CONVERT_SOURCE',
      `${samples.length} samples are not whole for ${channels} channels`,
      {
        path,
      },
    );
  }
  return { samples, channels, sampleRate };
}

/** What is used of the library's object, whose own types leave these open. */
interface ParsedWav {
  fmt: { audioFormat: number; numChannels: number; sampleRate: number };
  bitDepth: string;
  container: string;
  data: { samples: Uint8Array; chunkSize: number };
  fromALaw(): void;
  fromMuLaw(): void;
  toBitDepth(depth: string): void;
  toRIFF(): void;
}

const PCM_DEPTHS = new Set(['8', '16', '24', '32', '32f', '64']);

function toInt16(wav: ParsedWav, path: string): void {
  if (wav.bitDepth === '8a') wav.fromALaw();
  else if (wav.bitDepth === '8m') wav.fromMuLaw();
  else if (!PCM_DEPTHS.has(wav.bitDepth)) {
    throw new ZcError(
      'ZC_CONVERT_UNSUPPORTED',
      `WAV with format tag ${wav.fmt.audioFormat} and bit depth ${wav.bitDepth} is not read`,
      { path, advice: 'Convert it to 16-bit PCM first.' },
    );
  }
  if (wav.container === 'RIFX') wav.toRIFF();
  if (wav.bitDepth !== '16') wav.toBitDepth('16');
}

function int16View(bytes: Uint8Array): Int16Array {
  const whole = bytes.length - (bytes.length % 2);
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, whole / 2);
  return new Int16Array(bytes.slice(0, whole).buffer);
}
