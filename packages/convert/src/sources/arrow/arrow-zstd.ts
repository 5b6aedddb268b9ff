import { Decompress } from 'fzstd';
import { convertLimits } from '../../limits.js';

type Arrow = typeof import('apache-arrow');

/** Gives the library what reads buffers compressed with zstd; of itself it reads none that are compressed. */
export async function provideZstd(arrow: Arrow): Promise<void> {
  const { compressionRegistry, CompressionType } = arrow;
  if (compressionRegistry.get(CompressionType.ZSTD)) return;
  compressionRegistry.set(CompressionType.ZSTD, { decode });
}

function decode(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const decoder = new Decompress((chunk) => {
    length += chunk.length;
    if (length > convertLimits.TABLE_GROUP_BYTES_MAX)
      throw new RangeError('a buffer unpacks to more than any may');
    chunks.push(chunk);
  });
  decoder.push(bytes, true);
  return Buffer.concat(chunks, length);
}
