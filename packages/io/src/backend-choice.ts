import { ZcError } from '@zc/errors';

/** What reads and writes: `auto` is io_uring where it works, else threads. */
export type BackendChoice = 'auto' | 'io_uring' | 'threads';

/**
 * The backend for a given option; `ZC_IO_BACKEND` in the environment decides where nothing was asked for by name.
 *
 * @throws ZC_ARGUMENT
 */
export function chooseBackend(asked: BackendChoice | undefined): BackendChoice {
  const chosen = asked === undefined || asked === 'auto' ? (process.env.ZC_IO_BACKEND ?? 'auto') : asked;
  if (chosen === 'auto' || chosen === 'io_uring' || chosen === 'threads') return chosen;
  throw new ZcError('ZC_ARGUMENT', `there is no backend "${chosen}"`, {
    expected: 'auto, io_uring or threads',
  });
}
