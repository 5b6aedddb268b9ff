import { capabilities } from '@zc/io';

/** Every backend that can be had here: tests of reading run on each of them. */
export const backends = (['threads', 'io_uring'] as const).filter(
  (backend) => backend === 'threads' || capabilities().ioUring.ok,
);
