import { readSync, writeSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { watchDescriptor } from '../../src/index.js';
import { startWorker } from '../helpers/worker.js';

/** Watches an eventfd that it was started with, and says as JSON what came of it. */
const fd = Number(process.env.EVENTFD);

function ring(times: number): void {
  for (let i = 0; i < times; i++) writeSync(fd, new Uint8Array(BigUint64Array.of(1n).buffer));
}

async function main(): Promise<void> {
  let calls = 0;
  const watch = watchDescriptor(fd, () => calls++);
  ring(3);
  while (calls < 1) await setImmediate();
  ring(2);
  while (calls < 2) await setImmediate();
  await setTimeout(10);
  const left = (() => {
    try {
      return readSync(fd, new Uint8Array(8));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  })();
  watch.close();

  const uncaught = new Promise((resolve) =>
    process.once('uncaughtException', (error) => resolve(error.message)),
  );
  const throwing = watchDescriptor(fd, () => {
    throwing.close();
    throw new Error('meant to happen');
  });
  ring(1);

  const worker = startWorker(import.meta.url, null);
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const workerCode = await worker.terminate();
  console.log(JSON.stringify({ calls, left, uncaught: await uncaught, workerCode }));
}

if (isMainThread) {
  await main();
} else {
  watchDescriptor(fd, () => {});
  parentPort!.postMessage('watching');
}
