import { ZcError } from '@zc/errors';

/** The error of one record, with the place that the record came from, or its number, where the error names none. */
export function rowError(
  error: ZcError,
  { origin, index }: { origin: string | undefined; index: number },
): ZcError {
  if (error.path !== undefined || (origin === undefined && error.details.row !== undefined)) return error;
  const { code, summary, advice, offset, expected, actual, details, cause } = error;
  const path = origin ?? `row ${index}`;
  return new ZcError(code, summary, { ...details, path, offset, expected, actual, advice, cause });
}
