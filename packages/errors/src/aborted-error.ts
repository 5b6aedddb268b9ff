import { ZcError } from './zc-error.js';

/**
 * The error of something that its AbortSignal ended; the signal's reason is the cause.
 *
 * @example if (signal.aborted) throw abortedError('the read', signal);
 */
export function abortedError(what: string, signal: AbortSignal): ZcError {
  return new ZcError('ZC_ABORTED', `${what} was ended by its signal`, { cause: signal.reason });
}
