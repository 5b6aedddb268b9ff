import { capabilities } from '../../src/index.js';

/** Every read test runs on each of these; io_uring is left out only where the kernel refuses it. */
export const backends = capabilities().ioUring.ok
  ? (['io_uring', 'threads'] as const)
  : (['threads'] as const);

export type Backend = (typeof backends)[number];
