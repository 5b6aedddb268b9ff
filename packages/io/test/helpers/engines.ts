import { ReadEngine, type ReadEngineOptions } from '../../src/index.js';
import { type Backend, backends } from './backends.js';

/**
 * Faults of every kind that a read survives without a trace; the words are those of
 * `native/core/fault_backend.h`, and of several that a read meets the first one happens.
 */
export const SURVIVED_FAULTS = 'reorder@7,delay:1@17,EAGAIN@5,EINTR@3,short@2';

/** What every read test runs on: each backend, with a disk that does well and with one that does badly. */
export const engines: readonly { name: string; backend: Backend; faults: string }[] = backends.flatMap(
  (backend) => [
    { name: backend, backend, faults: '' },
    { name: `${backend} on a bad disk`, backend, faults: SURVIVED_FAULTS },
  ],
);

/** An engine whose reads suffer these faults. */
export function faultyEngine(faults: string, options: ReadEngineOptions): ReadEngine {
  process.env.ZC_IO_FAULTS = faults;
  try {
    return new ReadEngine(options);
  } finally {
    delete process.env.ZC_IO_FAULTS;
  }
}
