import { ZcError } from '@zc/errors';

interface Place {
  field: string;
  /** In its shard. */
  row: number;
}

interface Corruption extends Place {
  path: string;
  /** Of the row, or of the block that is wrong and that the row touches; in the file. */
  offset: number;
  expected: number;
  actual: number;
}

/** The error of a row whose bytes are not those that were written. */
export function checksumError({ path, offset, field, row, expected, actual }: Corruption): ZcError {
  const summary = `row ${row} of field "${field}" has CRC32C ${hex32(actual)}, expected ${hex32(expected)}`;
  return new ZcError('ZC_FORMAT_CHECKSUM', summary, { path, offset, expected, actual, field, row });
}

/** The engine's ZC_IO_CHECKSUM, which knows of bytes alone, as the error of a row. */
export function checksumErrorOf(error: ZcError, place: Place): ZcError {
  const { path = '', offset = 0, expected, actual } = error;
  return checksumError({ path, offset, expected: expected as number, actual: actual as number, ...place });
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
