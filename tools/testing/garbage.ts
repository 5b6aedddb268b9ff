import { setImmediate } from 'node:timers/promises';

/** Collects until `done`, or for so many rounds that it never will be. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    if (done()) return true;
    // A WeakRef that `done` looked at holds its target for the rest of that turn of the loop, and finalizers of
    // buffers run in a later turn than the collection.
    await setImmediate();
    globalThis.gc!();
    await setImmediate();
  }
  return done();
}
