import { lookup } from 'mrmime';

/** Encoded media by their first bytes. */
const signatures: readonly { mediaType: string; bytes: readonly (number | undefined)[] }[] = [
  { mediaType: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
  { mediaType: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { mediaType: 'image/gif', bytes: [0x47, 0x49, 0x46, 0x38] },
  { mediaType: 'image/tiff', bytes: [0x49, 0x49, 0x2a, 0] },
  { mediaType: 'image/tiff', bytes: [0x4d, 0x4d, 0, 0x2a] },
  { mediaType: 'image/webp', bytes: riff('WEBP') },
  { mediaType: 'audio/wav', bytes: riff('WAVE') },
  { mediaType: 'audio/flac', bytes: [0x66, 0x4c, 0x61, 0x43] },
  { mediaType: 'audio/ogg', bytes: [0x4f, 0x67, 0x67, 0x53] },
  { mediaType: 'audio/mpeg', bytes: [0x49, 0x44, 0x33] },
  { mediaType: 'audio/mpeg', bytes: [0xff, 0xfb] },
];

/** The media type of encoded bytes, by their beginning or else by the name that they had as a file. */
export function mediaTypeOf(bytes: Uint8Array, name?: string | null): string | undefined {
  const found = signatures.find((signature) =>
    signature.bytes.every((byte, i) => byte === undefined || bytes[i] === byte),
  );
  return found?.mediaType ?? (name ? lookup(name) : undefined);
}

function riff(kind: string): (number | undefined)[] {
  const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
  return [...letters('RIFF'), undefined, undefined, undefined, undefined, ...letters(kind)];
}
