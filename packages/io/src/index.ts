export type { BackendChoice } from './backend-choice.js';
export { BufferPool, type BufferPoolOptions, type PoolSegment, SLOT_BYTES_MAX } from './buffer-pool.js';
export { type Capabilities, type Capability, capabilities, type DirectCapability } from './capabilities.js';
export { crc32c, sum64 } from './checksum.js';
export { sendDescriptors, type Watch, watchDescriptor, watchProcess } from './descriptors.js';
export { FileWriter, type FileWriterOptions, type WrittenFile } from './file-writer.js';
export { IoUringPrefetcher, type PrefetchReport } from './io-uring-prefetcher.js';
export { type Advice, MappedFile, type ViewArray } from './mapped-file.js';
export { MmapManager, type MmapManagerOptions, type MmapManagerStats } from './mmap-manager.js';
export {
  type FileRange,
  ReadEngine,
  type ReadEngineOptions,
  type ReadEngineStats,
  type ReadOptions,
  type ReadResult,
} from './read-engine.js';
export {
  encodeReadPlan,
  PLAN_EXTENT_NUMBERS,
  PLAN_HEAD_NUMBERS,
  PLAN_PIECE_NUMBERS,
  READ_WAYS,
  type ReadExtent,
  type ReadPiece,
  type ReadWay,
} from './read-plan.js';
export { type CheckedRows, type RowColumn, RowTable, type RowTableOptions } from './row-table.js';
export { mapSlot, type SharedSlot } from './shared-slot.js';
export {
  type AffineStep,
  type BoolStep,
  ELEMENT_TYPES,
  type ElementType,
  type FillStep,
  runSlotSteps,
  type SlotRows,
  type SlotStep,
  type ZstdStep,
} from './slot-program.js';
export { type SlotPlace, ZeroCopyBuffer } from './zero-copy-buffer.js';
export { type NativeZstd, zstdCompressor } from './zstd.js';
