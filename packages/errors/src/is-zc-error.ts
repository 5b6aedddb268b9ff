import type { ZcErrorCode } from './codes.js';
import type { ZcError } from './zc-error.js';

/**
 * Whether a caught value is a `ZcError`, with the given code where one is named.
 *
 * It looks at `name` and `code`, not at the class, so it also holds for errors of another copy of this
 * package, of another realm, and for those of a newer release with codes unknown here.
 *
 * @example
 * try { await Dataset.open(path); } catch (error) {
 *   if (!isZcError(error, 'ZC_IO_OPEN')) throw error;
 * }
 */
export function isZcError(error: unknown, code?: ZcErrorCode): error is ZcError {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code: found } = error as { name?: unknown; code?: unknown };
  return name === 'ZcError' && typeof found === 'string' && (code === undefined || found === code);
}
