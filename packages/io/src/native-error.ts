import { errorCodes, ZcError, type ZcErrorCode } from '@zc/errors';

/** An error as the native core reports it. Numbers that do not apply are absent. */
export interface NativeErrorFields {
  code: string;
  /** What was being done, in words: `open`, `preadv2`, `read plan`. */
  operation: string;
  /** The error number of the system, 0 where it was not the system that failed. */
  errno: number;
  /** The words of the system for `errno`. */
  errnoText?: string;
  path?: string;
  offset?: number;
  expected?: number;
  actual?: number;
  /** The tag of the piece of the read plan that failed. */
  tag?: number;
}

/** Makes the error that a user sees from what the core reports. */
export function zcErrorFromNative(fields: NativeErrorFields): ZcError {
  const { code, operation, errno, errnoText, path, offset, expected, actual, tag } = fields;
  const known = code in errorCodes;
  return new ZcError(
    known ? (code as ZcErrorCode) : 'ZC_INTERNAL',
    known ? summary(fields) : `${code}: ${summary(fields)}`,
    {
      path,
      offset,
      expected,
      actual,
      advice: adviceFor(code, errno),
      operation,
      ...(errno === 0 ? {} : { errno, errnoText }),
      ...(tag === undefined ? {} : { tag }),
    },
  );
}

function summary({ code, operation, errno, errnoText, expected, actual }: NativeErrorFields): string {
  if (code === 'ZC_IO_CHECKSUM' && expected !== undefined && actual !== undefined) {
    return `the bytes have CRC32C ${hex(actual)}, expected ${hex(expected)}`;
  }
  if (code === 'ZC_IO_SHORT_READ' && expected !== undefined && actual !== undefined) {
    return `the file ended after ${actual} of ${expected} bytes`;
  }
  // Here the operation is a sentence that says it all.
  if (code === 'ZC_IO_RING_REFUSED') return operation.replace(/\.$/, '');
  const reason = errno === 0 ? '' : `: ${errnoText ?? `error ${errno}`}`;
  const numbers =
    expected === undefined && actual === undefined
      ? ''
      : `, expected ${expected ?? 'nothing'}, found ${actual ?? 'nothing'}`;
  return `${operation}${errno === 0 ? '' : ' failed'}${reason}${numbers}`;
}

function adviceFor(code: string, errno: number): string | undefined {
  const EMFILE = 24;
  const ENFILE = 23;
  const EACCES = 13;
  const ENOENT = 2;
  if (errno === EMFILE || errno === ENFILE) {
    return 'Too many files are open: raise `ulimit -n`, or close some.';
  }
  if (code !== 'ZC_IO_OPEN') return undefined;
  if (errno === ENOENT) return 'Nothing is there: check the path, and the directory it is relative to.';
  if (errno === EACCES)
    return 'This user may not read it: check the permissions of the file and its directories.';
  return undefined;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
