import { abortedError } from '@zc/errors';

/**
 * What a promise gives, unless a signal comes first; then its result is nobody's.
 *
 * @param what how the error calls it
 * @throws ZC_ABORTED
 */
export async function orAborted<T>(
  pending: Promise<T>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return pending;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(what, signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort!);
  }
}
