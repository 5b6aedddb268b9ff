import { nativeAddon } from './native-addon.js';

/** Where a slot lies, for another thread of this process: what `BufferPool.segments` and `ZeroCopyBuffer.slot` say. */
export interface SharedSlot {
  /** The segment's file descriptor, open while the mapping is made. */
  readonly fd: number;
  /** Bytes from the start of the segment, a multiple of 4096. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Maps a slot once more: how a worker thread sees the memory of a pool that belongs to another thread.
 *
 * The bytes are shared: what one thread writes the others see, in no order but that of their messages. The
 * mapping lives until the buffer is detached or collected, and keeps the memory even where the pool has gone.
 *
 * @throws ZC_ARGUMENT for a range that the segment does not have; ZC_IO_MAP
 */
export function mapSlot({ fd, offset, length }: SharedSlot): ArrayBuffer {
  return nativeAddon().mapShared(fd, offset, length);
}
