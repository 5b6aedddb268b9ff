import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { FileWriter } from '../../src/index.js';
import { descriptorsOf } from '../helpers/process-resources.js';
import { startWorker } from '../helpers/worker.js';

interface Options {
  path: string;
  backend: 'io_uring' | 'threads';
  end: 'terminate' | 'exit';
}

/** Workers that are ended in the middle of writing; then nothing of them may be left. */
async function main(): Promise<void> {
  const [path, backend, end] = process.argv.slice(2) as [string, Options['backend'], Options['end']];
  for (let round = 0; round < 3; round++) {
    const worker = startWorker(import.meta.url, { path, backend, end });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await setTimeout(round * 2);
    if (end === 'terminate') await worker.terminate();
    await ended;
  }
  console.log(
    JSON.stringify({
      files: descriptorsOf(new RegExp(path.slice(0, path.lastIndexOf('/')))),
      rings: descriptorsOf(/io_uring/),
      exists: existsSync(path),
    }),
  );
}

async function write({ path, backend, end }: Options): Promise<void> {
  const writer = new FileWriter(path, { backend });
  const block = new Uint8Array(2 ** 20).fill(7);
  parentPort!.postMessage('busy');
  if (end === 'exit') globalThis.setTimeout(() => process.exit(3), 5);
  for (;;) await writer.append(block);
}

if (isMainThread) await main();
else await write(workerData);
