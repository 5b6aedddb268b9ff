import { inspect } from 'node:util';
import { type MessagePort, workerData } from 'node:worker_threads';
import { mapSlot } from '@zc/io';
import { columnsOf, TransformBatch, type TransformOutputs } from './transforms/transform-batch.js';
import { checkModule, type TransformModule } from './transforms/user-module.js';
import type { WorkerAnswer, WorkerTask } from './worker-pool.js';

/** The port is the pool's own: what the module posts to its parent is none of its answers. */
const { url, port } = workerData as { url: string; port: MessagePort };

/** A worker thread of a `WorkerPool`: runs the user's module on one batch after the other. */
async function main(): Promise<void> {
  const module = (await import(url)) as TransformModule;
  answer({ outputs: checkModule(module, url) });
  let pool = -1;
  const slots = new Map<number, ArrayBuffer>();

  const run = async ({ place, work }: WorkerTask): Promise<void> => {
    // Slots of a former pool are not met again.
    if (place.pool !== pool) slots.clear();
    pool = place.pool;
    const buffer = slots.get(place.key) ?? mapSlot(place);
    slots.set(place.key, buffer);
    const batch = new TransformBatch(buffer, work);
    try {
      await module.default(batch, columnsOf(buffer, work.outputs, batch.length) as TransformOutputs);
      answer({});
    } catch (error) {
      answer({ failure: { error: sendable(error), samples: batch.samplesAtFault() } });
    }
  };
  port.on('message', (task: WorkerTask) => void run(task));
}

function answer(message: WorkerAnswer): void {
  port.postMessage(message);
}

/** An error as it can cross to another thread. */
function sendable(error: unknown): unknown {
  if (!(error instanceof Error)) return inspect(error);
  const plain = new Error(error.message);
  plain.name = error.name;
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}

// What it rejects with ends the thread as an error, which the pool reports.
void main();
