import { setImmediate } from 'node:timers/promises';

/** Collects until `done`, or for so many rounds that it never will be. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    // Finalizers of buffers run in a later turn of the loop than the collection.
    await setImmediate();
    if (done()) return true;
    globalThis.gc!();
  }
  return done();
}
