import { ZcError } from '@zc/errors';

/**
 * How much of a hostile or broken input is looked at before it is refused.
 *
 * Each is checked before anything is allocated or computed by the value it bounds.
 */
export const convertLimits = {
  /** Files that one input may name, brace lists written out. */
  INPUT_PATHS_MAX: 100_000,
  /** Bytes of one record: an entry of an archive, a line, all parts of a sample together. A row of a shard may be as long. */
  RECORD_BYTES_MAX: 2 ** 30,
  /** Arrays of one file; as many fields may a shard have. */
  ARRAYS_MAX: 1024,
  /** Bytes of the header of a safetensors file; its own library refuses more. */
  SAFETENSORS_HEADER_BYTES_MAX: 100_000_000,
  /** Bytes of a header of a tar that holds a long name or attributes. */
  TAR_HEADER_BYTES_MAX: 2 ** 20,
  /** Bytes of what describes a table: the footer of a Parquet file, the schema of an Arrow one. */
  TABLE_METADATA_BYTES_MAX: 64 * 2 ** 20,
  /** Bytes of one group of rows of a table, packed or not, which is held in memory. */
  TABLE_GROUP_BYTES_MAX: 2 ** 31,
  /** Values of one column in one group of rows, those inside of lists counted one by one. */
  TABLE_GROUP_VALUES_MAX: 2 ** 27,
  /** Of a compressed input, bytes that may come out for each one that goes in … */
  UNPACK_RATIO_MAX: 250,
  /** … beyond these, which a file of nothing but zeros may come to. */
  UNPACK_FREE_BYTES: 256 * 2 ** 20,
  /** Parts that the values of a field may split a dataset into. */
  SPLIT_PARTS_MAX: 1000,
  /** Width times height of an image that is decoded. */
  IMAGE_PIXELS_MAX: 2 ** 28,
  /** Rows that are looked at for a first sample, where steps drop them or they are bad. */
  FIRST_ROWS_MAX: 1000,
} as const;

/** The name of a limit. */
export type ConvertLimitName = keyof typeof convertLimits;

/** @throws ZC_CONVERT_LIMIT where `actual` is above the limit; `details` say where. */
export function refuseBeyond(
  name: ConvertLimitName,
  actual: number,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): void {
  if (actual <= convertLimits[name]) return;
  throw new ZcError('ZC_CONVERT_LIMIT', `${what} is ${actual}, above ${name} (${convertLimits[name]})`, {
    expected: convertLimits[name],
    actual,
    ...details,
  });
}
