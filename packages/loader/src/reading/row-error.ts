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

/** The engine's error of a piece, which knows of bytes alone, as the error of the row that the piece is of. */
export function rowErrorOf(error: ZcError, { field, row }: Place): ZcError {
  const { code, summary, path, offset, expected, actual, advice, cause, details } = error;
  if (code === 'ZC_IO_CHECKSUM') {
    const sums = { expected: expected as number, actual: actual as number };
    return checksumError({ path: path!, offset: offset!, ...sums, field, row });
  }
  const { tag: _, ...rest } = details;
  const place = { path, offset, expected, actual, field, row };
  return new ZcError(code, `row ${row} of field "${field}": ${summary}`, {
    ...place,
    advice,
    cause,
    ...rest,
  });
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
