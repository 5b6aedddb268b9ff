import { ZcError } from '@zc/errors';

/** The error of one record, with the place that the record came from where the error names none itself. */
export function rowError(error: ZcError, origin: string | undefined): ZcError {
  if (error.path !== undefined || origin === undefined) return error;
  const { code, summary, advice, offset, expected, actual, details, cause } = error;
  return new ZcError(code, summary, { ...details, path: origin, offset, expected, actual, advice, cause });
}
