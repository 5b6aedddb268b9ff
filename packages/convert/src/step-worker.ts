import { inspect } from 'node:util';
import { type MessagePort, workerData } from 'node:worker_threads';
import {
  fromWire,
  type StepAnswer,
  type StepWorkerData,
  WireBatchWriter,
  type WireRow,
} from './step-message.js';
import { StepChain } from './steps/chain.js';
import { RowStorer } from './stored-row.js';

/** The port is the pool's own: what the user's module posts to its parent is none of its answers. */
const { specs, schema, first, port } = workerData as StepWorkerData & { port: MessagePort };

/** A thread of a `StepPool`: brings one batch of rows after the other through the steps and into stored form. */
async function main(): Promise<void> {
  const rows = first.map(fromWire);
  const chain = await StepChain.open(specs, schema, { at: async (index) => rows[index] });
  const storer = new RowStorer(chain.schema, chain);
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (batch: readonly WireRow[]) => {
    turn = turn.then(() => work(storer, batch));
  });
}

async function work(storer: RowStorer, rows: readonly WireRow[]): Promise<void> {
  try {
    const out = new WireBatchWriter();
    for (const row of rows) out.add(await storer.store(fromWire(row), row.index));
    const batch = out.finish();
    answer({ batch }, [batch.bytes]);
  } catch (error) {
    answer({ fatal: error instanceof Error ? (error.stack ?? error.message) : inspect(error) });
  }
}

function answer(message: StepAnswer, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

// What it rejects with ends the thread as an error, which the pool reports.
void main();
