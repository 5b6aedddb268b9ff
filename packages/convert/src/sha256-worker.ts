import { createHash, type Hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { HashTask } from './sha256-thread.js';

/** The thread of a `Sha256Thread`: hashes what lies in its slots, for as many files at once as there are. */
const slots = new Uint8Array(workerData as SharedArrayBuffer);
const hashes = new Map<number, Hash>();

parentPort!.on('message', ({ file, offset, length }: HashTask) => {
  const hash = hashes.get(file) ?? createHash('sha256');
  if (length > 0) {
    hashes.set(file, hash.update(slots.subarray(offset, offset + length)));
    parentPort!.postMessage(undefined);
  } else {
    hashes.delete(file);
    parentPort!.postMessage(new Uint8Array(hash.digest()));
  }
});
