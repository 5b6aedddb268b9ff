export { BLOCK_BYTES } from './block.js';
export { crc32c } from './crc32c.js';
export { decodeRow, decompressRow, type RowPlace, shapeOfRow } from './decode-row.js';
export { type Digests, type Hasher, pureDigests } from './digests.js';
export {
  type Dtype,
  dtypes,
  elementsOf,
  type ScalarOf,
  type TypedArray,
  type TypedArrayOf,
} from './dtype.js';
export { type EncodedSample, SampleEncoder } from './encode-sample.js';
export { encodeFooter, type Footer, parseFooter } from './footer.js';
export { numberToHalf, toFloat32 } from './half.js';
export { encodeHead, FORMAT_VERSION, HEAD_BYTES, type Head, parseHead } from './head.js';
export { httpSource } from './http-source.js';
export {
  checksumCount,
  type FieldLayout,
  type FieldPlan,
  type Part,
  planField,
  planFields,
  tableLengths,
} from './layout.js';
export { limits } from './limits.js';
export {
  MANIFEST_NAME,
  type Manifest,
  parseManifest,
  type ShardEntry,
  serializeManifest,
  shardName,
} from './manifest.js';
export {
  type BytesField,
  type BytesSpec,
  type ChecksumUnit,
  defineSchema,
  type Field,
  type FieldOptions,
  type FieldSpec,
  field,
  type JsonField,
  type JsonSpec,
  type Sample,
  type SampleInput,
  type Schema,
  type Shape,
  type Tensor,
  type TensorField,
  type TensorInput,
  type TensorOf,
  type TensorSpec,
  type TextField,
  type TextSpec,
} from './schema.js';
export { parseSchema, schemaToJson } from './schema-resolve.js';
export { ShardReader, type ShardReaderOptions } from './shard-reader.js';
export { type ShardSummary, ShardWriter, type ShardWriterOptions } from './shard-writer.js';
export type { Sink, SpillArea } from './sink.js';
export { blobSource, type Source } from './source.js';
export {
  type BlockOptions,
  type BlockPlace,
  decodeTableBlockU32,
  decodeTableBlockU64,
  type EntryType,
  entriesPerBlock,
  tableBytes,
  U32_PER_BLOCK,
  U64_PER_BLOCK,
} from './tables.js';
export { encodeTail, parseTail, SHARD_BYTES_MIN, TAIL_BYTES, type Tail } from './tail.js';
export { uuidText } from './uuid.js';
export type { VerifyOptions, VerifyReport } from './verify.js';
export type { ZstdCompressor } from './zstd.js';
