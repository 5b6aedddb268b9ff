/** What encoded media a decoder is here for. */
export type MediaKind = 'image' | 'wav' | 'flac';

const kinds: Readonly<Record<string, MediaKind>> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/webp': 'image',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
};

/** Undefined where nothing here decodes it; `unknown` where the type says nothing of what the bytes are. */
export function mediaKindOfType(mediaType = 'application/octet-stream'): MediaKind | 'unknown' | undefined {
  return mediaType === 'application/octet-stream' ? 'unknown' : kinds[mediaType];
}

/** By the first bytes, for fields that hold several media types. */
export function mediaKindOfBytes(bytes: Uint8Array): MediaKind | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  if (head.startsWith('\xff\xd8\xff') || head.startsWith('\x89PNG\r\n\x1a\n')) return 'image';
  if (head.startsWith('fLaC')) return 'flac';
  const riff = head.startsWith('RIFF') || head.startsWith('RIFX') ? head.slice(8) : undefined;
  return riff === 'WEBP' ? 'image' : riff === 'WAVE' ? 'wav' : undefined;
}
