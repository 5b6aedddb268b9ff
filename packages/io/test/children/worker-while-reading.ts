import { setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { descriptorsOf, mapsOf } from '../helpers/process-resources.js';
import { startWorker } from '../helpers/worker.js';
import { type BusyOptions, makeBusy } from './busy.js';

/** Workers that are ended in the middle of reading; then nothing of them may be left. */
async function main(): Promise<void> {
  const [path, backend, end, rounds] = process.argv.slice(2) as [
    string,
    string,
    'terminate' | 'exit',
    string,
  ];
  for (let round = 0; round < Number(rounds); round++) {
    const worker = startWorker(import.meta.url, { path, backend, end });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await setTimeout(round % 10);
    if (end === 'terminate') await worker.terminate();
    await ended;
  }
  console.log(
    JSON.stringify({ maps: mapsOf(path), memfds: descriptorsOf(/memfd/), rings: descriptorsOf(/io_uring/) }),
  );
}

function busyWorker({ end, ...options }: BusyOptions & { end: 'terminate' | 'exit' }): void {
  makeBusy(options);
  parentPort!.postMessage('busy');
  if (end === 'exit') globalThis.setTimeout(() => process.exit(3), 5);
}

if (isMainThread) await main();
else busyWorker(workerData);
