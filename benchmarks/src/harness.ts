/** The process of a Node contender: takes commands from standard input, answers on descriptor 3. */
import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DataSet } from './data.js';
import { built, dataFolder } from './folders.js';
import type { Figure } from './measure.js';
import { quantile } from './statistics.js';
import { TakenSamples } from './taken-samples.js';

/** A view that is still held after so many is held on purpose, and the next drop says so. */
const COLLECTIONS_MAX = 50;

export interface Settings {
  readonly data: DataSet;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Of one epoch: fewer than the set has where the scenario says so. */
  readonly samples: number;
  /** The file that contenders write, where they do. */
  readonly output?: { readonly path: string; readonly bytes: number };
  readonly stepMs?: number;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A batch that the contender has read and summed, or bytes that it has written. */
export interface Consumed {
  readonly samples: number;
  readonly bytes: number;
  /** Wrapping sum of its 64-bit words: `x` and `label`. */
  readonly sum: bigint;
  /** How long it took, where that is not what passed here: another program's own time, without its start. */
  readonly seconds?: number;
  /** Of its samples; yardsticks have none. */
  readonly ids?: ArrayLike<number>;
}

/** What a module under `rivals/node/` exports as its default: opens the data, gives epochs, closes. */
export interface NodeContender {
  open(settings: Settings): Promise<void>;
  epoch(): AsyncIterable<Consumed> | Iterable<Consumed>;
  close(): Promise<void>;
  /** Makes its own copy of the set, once, before any round; gives the paths of what it will read, for cold rounds drop it. */
  prepare?(settings: Settings): Promise<readonly string[]>;
  /** What it noted in this round beyond bytes and time, and then forgets. */
  figures?(): Partial<Record<Figure, number>>;
}

async function round(
  contender: NodeContender,
  settings: Settings,
  command: { minSeconds: number; minEpochs: number; reopen: boolean },
) {
  const gaps: number[] = [];
  const isPart = settings.samples < settings.data.rows;
  const taken = new TakenSamples(isPart ? settings.samples : 0);
  const started = performance.now();
  if (command.reopen) await contender.open(settings);
  let [samples, bytes, epochs, sum, firstBatchMs, ownSeconds] = [0, 0, 0, 0n, 0, 0];
  let previous = started;
  do {
    for await (const batch of contender.epoch()) {
      const now = performance.now();
      if (samples === 0) firstBatchMs = now - started;
      else gaps.push(now - previous);
      previous = now;
      samples += batch.samples;
      bytes += batch.bytes;
      sum += batch.sum;
      ownSeconds += batch.seconds ?? 0;
      if (!isPart) continue;
      if (batch.ids) taken.add(batch.ids);
      if (samples >= settings.samples) break;
    }
    epochs += 1;
  } while (epochs < command.minEpochs || (performance.now() - started) / 1000 < command.minSeconds);
  const seconds = ownSeconds || (performance.now() - started) / 1000;
  return {
    seconds,
    samples,
    bytes,
    epochs,
    sum: BigInt.asUintN(64, sum).toString(),
    sum_of_part: isPart ? taken.sum(settings.data).toString() : null,
    first_batch_ms: firstBatchMs,
    gap_ms: { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99), max: Math.max(0, ...gaps) },
    ...(contender.figures && { figures: contender.figures() }),
  };
}

/**
 * Has views collected that nobody holds any more: pages of a file that is mapped cannot be dropped. V8 frees what
 * it collected on a thread of its own, so one collection is not always enough.
 */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < COLLECTIONS_MAX; i++) {
    gc();
    await sleep(10);
    if (!readFileSync('/proc/self/maps', 'utf8').includes(dataFolder())) return;
  }
}

async function main(): Promise<void> {
  let contender: NodeContender | undefined;
  let settings: Settings | undefined;
  let isOpen = false;
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let reply: object = {};
    try {
      if (command.op === 'start') {
        settings = command.settings as Settings;
        contender = (await import(pathToFileURL(built(`rivals/${command.module}.js`)).href))
          .default as NodeContender;
        reply = { files: (await contender.prepare?.(settings)) ?? [] };
      } else if (command.op === 'round') {
        if (!command.reopen && !isOpen) await contender!.open(settings!);
        isOpen = true;
        reply = await round(contender!, settings!, command);
      } else if (command.op === 'release' && isOpen) {
        await contender!.close();
        await collect();
        isOpen = false;
      }
    } catch (error) {
      reply = { error: (error as Error).stack ?? String(error) };
    }
    writeSync(3, `${JSON.stringify(reply)}\n`);
  }
  if (isOpen) await contender!.close();
}

await main();
