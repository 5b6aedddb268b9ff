import { statSync } from 'node:fs';
import { BufferPool, encodeReadPlan, ReadEngine, type ReadExtent } from '@zc/io';

const SLOT_BYTES = 16 * 2 ** 20;
/** Plans in flight: the disk is not to wait for the next one. */
const PLANS = 2;
const ALIGNMENT_BYTES = 4096;
const BLOCK_BYTES_MAX = 2 ** 20;

export interface ProbeOptions {
  /** Bytes of one read, up to 1 MiB; rounded up to whole pages. */
  blockBytes: number;
  /** Where the blocks lie: anywhere, or one behind the other. */
  order: 'random' | 'sequential';
  seconds: number;
}

/**
 * Bytes a second that the disk gives of some files when nothing else is done with them: direct reads, many in
 * flight.
 *
 * @throws ZC_IO_…
 */
export async function probeDisk(
  paths: readonly string[],
  { blockBytes, order, seconds }: ProbeOptions,
): Promise<number> {
  const length = Math.min(BLOCK_BYTES_MAX, Math.ceil(blockBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
  const files = paths.map((path) => ({ path, blocks: Math.floor(statSync(path).size / length) }));
  const blocks = files.reduce((sum, file) => sum + file.blocks, 0);
  if (blocks === 0) return 0;
  await using engine = new ReadEngine();
  using pool = new BufferPool({ slotBytes: SLOT_BYTES, slots: PLANS });
  const open = files.map(({ path, blocks }) => ({ number: engine.openFile(path), blocks }));
  let next = 0;
  const planOf = (): ReadExtent[] =>
    Array.from({ length: Math.floor(SLOT_BYTES / length) }, (_, i) => {
      let block = order === 'random' ? Math.floor(Math.random() * blocks) : next++ % blocks;
      const file = open.find(({ blocks }) => {
        if (block < blocks) return true;
        block -= blocks;
        return false;
      })!;
      const pieces = [{ extentOffset: 0, length, slotOffset: i * length }];
      return { file: file.number, offset: block * length, length, way: 'direct', pieces };
    });
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  let bytes = 0;
  await Promise.all(
    Array.from({ length: PLANS }, async () => {
      using slot = pool.acquire()!;
      while (elapsed() < seconds) {
        const { bytesDirect, bytesStaged } = await engine.read(slot, encodeReadPlan(planOf()));
        bytes += bytesDirect + bytesStaged;
      }
    }),
  );
  return bytes / elapsed();
}
