import { ZcError } from '@zc/errors';
import { type Field, field, type Schema } from '@zc/format';
import { flacDecoder, type Sound, type SoundDecoder, type SoundDtype, wavDecoder } from './decode-audio.js';
import { type ImageSize, imageDecoder } from './decode-image.js';
import { specsOf, withFields } from './fields.js';
import { type MediaKind, mediaKindOfBytes, mediaKindOfType } from './media.js';
import type { Step, StepGiven, StepRow } from './step.js';

/** What decoded media are to be. */
export interface DecodeSpec {
  readonly size: ImageSize | undefined;
  readonly soundDtype: SoundDtype;
}

type Decode = (bytes: Uint8Array, row: StepRow) => Promise<unknown>;

/**
 * Decodes every field of encoded media: images to `uint8[height, width, 3]`, recordings to `int16[null]` or
 * `float32[null]`, with several channels `[null, channels]`, whose rate goes to the schema's metadata.
 *
 * A field whose media type says nothing is told by the bytes of the first sample.
 *
 * @throws ZC_ARGUMENT where there is nothing to decode; ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED for a row
 */
export async function openDecode(spec: DecodeSpec, given: StepGiven): Promise<Step> {
  const found = await mediaFields(given);
  if (found.length === 0) throw nothingToDecode(given.before);
  const specs = specsOf(given.before);
  const metadata: Record<string, string> = { ...given.before.metadata };
  const decoders = new Map<string, Decode>();
  for (const { name, kind } of found) {
    if (kind === 'image') {
      const decode = await imageDecoder(spec.size);
      decoders.set(name, (bytes, { origin }) => decode(bytes, origin));
      specs.set(name, field.tensor('uint8', [spec.size?.height ?? null, spec.size?.width ?? null, 3]));
      continue;
    }
    const decode = kind === 'wav' ? wavDecoder(spec.soundDtype) : await flacDecoder(spec.soundDtype);
    const key =
      found.filter((other) => other.kind !== 'image').length > 1 ? `${name}.sample_rate` : 'sample_rate';
    // Channels and rate of the first recording, which all others must have.
    const { sample, row } = await given.first();
    const format = await decode(sample[name] as Uint8Array, row.origin);
    metadata[key] = String(format.sampleRate);
    specs.set(name, field.tensor(spec.soundDtype, format.channels === 1 ? [null] : [null, format.channels]));
    decoders.set(name, alike(decode, format));
  }
  return {
    schema: withFields({ ...given.before, metadata }, specs),
    async apply(sample, row) {
      const decoded = { ...sample };
      for (const [name, decode] of decoders) decoded[name] = await decode(sample[name] as Uint8Array, row);
      return decoded;
    },
  };
}

async function mediaFields(given: StepGiven): Promise<{ name: string; kind: MediaKind }[]> {
  const found: { name: string; kind: MediaKind }[] = [];
  for (const { kind: type, name, mediaType } of given.before.fields as (Field & { mediaType?: string })[]) {
    if (type !== 'bytes') continue;
    const told = mediaKindOfType(mediaType);
    const kind =
      told === 'unknown' ? mediaKindOfBytes((await given.first()).sample[name] as Uint8Array) : told;
    if (kind !== undefined) found.push({ name, kind });
  }
  return found;
}

function alike(decode: SoundDecoder, expected: Pick<Sound, 'channels' | 'sampleRate'>): Decode {
  return async (bytes, { origin: path }) => {
    const sound = await decode(bytes, path);
    for (const [key, unit] of [
      ['channels', 'channels'],
      ['sampleRate', 'Hz'],
    ] as const) {
      if (sound[key] === expected[key]) continue;
      const summary = `the recording has ${sound[key]} ${unit}, the first one ${expected[key]}`;
      throw new ZcError('ZC_CONVERT_MIXED', summary, { path, expected: expected[key], actual: sound[key] });
    }
    const { data, channels } = sound;
    return channels === 1 ? data : { data, shape: [data.length / channels, channels] };
  };
}

function nothingToDecode({ fields }: Schema): ZcError {
  const described = fields.map((field) =>
    field.kind === 'bytes'
      ? `${field.name} (${field.mediaType ?? 'bytes'})`
      : `${field.name} (${field.kind})`,
  );
  return new ZcError(
    'ZC_ARGUMENT',
    `decode: no field holds an encoded image or recording: ${described.join(', ')}`,
    {
      advice: 'JPEG, PNG, WebP, WAV and FLAC are decoded. Leave --decode out.',
    },
  );
}
