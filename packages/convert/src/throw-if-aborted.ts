import { ZcError } from '@zc/errors';

/**
 * Ends a piece of work whose signal was given.
 *
 * @param said what was ended, and what became of the output
 * @throws ZC_ABORTED, with the signal's reason as its cause
 */
export function throwIfAborted(
  signal: AbortSignal | undefined,
  said: string,
  place: { readonly path?: string } = {},
): void {
  if (signal?.aborted) throw new ZcError('ZC_ABORTED', said, { ...place, cause: signal.reason });
}
