import { ZcError } from '@zc/errors';
import { type FieldSpec, field } from '@zc/format';
import { lookup } from 'mrmime';
import { decodeText } from './text-bytes.js';
import { decodeWav } from './wav.js';

/** How the files of a folder become values of one field. */
export interface FileKind {
  /** What the files are, in words. */
  readonly title: string;
  /** The name of the field. */
  readonly field: string;
  /** Looks at the first file, and at the names of all of them, and settles what all of them must be. */
  settle(first: { path: string; bytes: Uint8Array }, files: readonly string[]): SettledKind;
}

export interface SettledKind {
  readonly spec: FieldSpec;
  /** Goes to the schema's metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The value of one file. @throws ZC_CONVERT_MIXED where it is not as the first one was */
  decode(bytes: Uint8Array, path: string): unknown;
}

/**
 * The kind of a file, by the ending of its name: WAV recordings are decoded, plain text is text, everything else
 * is kept as it is, in a field named after its media type (`image`, `audio`, `video`, else `data`).
 */
export function fileKindOf(path: string): FileKind {
  const mediaType = mediaTypeOf(path);
  if (mediaType === 'audio/wav') return recordings;
  if (mediaType === 'text/plain') return texts;
  return encoded[mediaType.slice(0, mediaType.indexOf('/'))] ?? encoded.data!;
}

const recordings: FileKind = {
  title: 'WAV recordings',
  field: 'audio',
  settle(first) {
    const { channels, sampleRate } = decodeWav(first.bytes, first.path);
    return {
      spec: field.tensor('int16', channels === 1 ? [null] : [null, channels]),
      metadata: { sample_rate: String(sampleRate) },
      decode(bytes, path) {
        const recording = decodeWav(bytes, path);
        mustMatch('channels', { path, actual: recording.channels, expected: channels });
        mustMatch('Hz', { path, actual: recording.sampleRate, expected: sampleRate });
        return recording.samples;
      },
    };
  },
};

const texts: FileKind = {
  title: 'texts',
  field: 'text',
  settle: () => ({ spec: field.text(), metadata: {}, decode: textOf }),
};

const encoded: Record<string, FileKind> = {
  image: encodedKind('images', 'image'),
  audio: encodedKind('encoded recordings', 'audio'),
  video: encodedKind('videos', 'video'),
  data: encodedKind('files', 'data'),
};

function encodedKind(title: string, name: string): FileKind {
  return {
    title,
    field: name,
    settle(_first, files) {
      const mediaTypes = new Set(files.map(mediaTypeOf));
      const [mediaType] = mediaTypes;
      // A field has one media type or none.
      const spec =
        mediaTypes.size === 1 && mediaType !== undefined ? field.bytes({ mediaType }) : field.bytes();
      return { spec, metadata: {}, decode: (bytes) => bytes };
    },
  };
}

/** By the ending of a file's name. */
export function mediaTypeOf(path: string): string {
  // Which the table of media types does not know.
  if (/\.flac$/i.test(path)) return 'audio/flac';
  return lookup(path) ?? 'application/octet-stream';
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return decodeText(bytes);
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', 'the text is not UTF-8', { path, cause });
  }
}

function mustMatch(unit: string, found: { path: string; actual: number; expected: number }): void {
  const { path, actual, expected } = found;
  if (actual === expected) return;
  throw new ZcError('ZC_CONVERT_MIXED', `the recording has ${actual} ${unit}, the first one ${expected}`, {
    path,
    actual,
    expected,
  });
}
