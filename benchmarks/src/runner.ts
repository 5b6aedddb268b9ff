import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContenderProcess, type Round } from './contender-process.js';
import type { DataSet } from './data.js';
import { dataFolder } from './folders.js';
import type { Settings } from './harness.js';
import { MemoryLimit } from './memory-limit.js';
import { isEnough, type Method } from './method.js';
import { whatIsMissing } from './missing.js';
import { removeOutput } from './output-file.js';
import { runRound } from './round.js';
import type { ScenarioQuestion } from './scenario.js';

/** Rounds by contender: entry `i` of each belongs to the same pass over all of them. */
export interface ScenarioRun {
  readonly scenario: ScenarioQuestion;
  /** Nothing where it could not be made. */
  readonly data: DataSet | undefined;
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** Contenders that cannot run here, with the reason. */
  readonly missing: ReadonlyMap<string, string>;
  /** Contenders that ran into an error, with it; they have no rounds. */
  readonly failed: ReadonlyMap<string, string>;
}

/** What is about to be done. */
export interface Step {
  readonly scenario: string;
  readonly contender: string;
  /** `start`, `warm-up` or `round 3`. */
  readonly phase: string;
}

export interface RunOptions {
  readonly onStep?: (step: Step) => void;
  /** Ends the run with the passes that are whole. */
  readonly signal?: AbortSignal;
  /** Each contender's memory, the page cache that it fills included, is kept below this. */
  readonly memoryBytes?: number | undefined;
  /** What `perf stat` counts. */
  readonly events?: readonly string[] | undefined;
}

/**
 * Runs one scenario: all contenders in turn, first forwards, then backwards (ABBA), so that a machine that
 * gets slower or a disk that is throttled favours nobody; the first pass is not counted. A contender that fails
 * is left out from there on.
 */
export async function runScenario(
  scenario: ScenarioQuestion,
  data: DataSet,
  method: Method,
  { onStep = () => {}, signal, memoryBytes, events }: RunOptions = {},
): Promise<ScenarioRun> {
  const [missing, failed] = [new Map<string, string>(), new Map<string, string>()];
  const processes = new Map<string, ContenderProcess>();
  const rounds = new Map<string, Round[]>();
  const limits: MemoryLimit[] = [];
  const settings = settingsOf(scenario, data);
  const step = (contender: string, phase: string) => onStep({ scenario: scenario.name, contender, phase });

  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // What is killed because the run ends has not failed.
      if (signal?.aborted) return;
      failed.set(name, (error as Error).message.trim());
      rounds.delete(name);
      const contender = processes.get(name);
      processes.delete(name);
      await contender?.stop();
    }
  };

  try {
    for (const [name, contender] of Object.entries(scenario.contenders)) {
      if (signal?.aborted) break;
      const reason = whatIsMissing(contender, data, method);
      if (reason !== undefined) {
        missing.set(name, reason);
        continue;
      }
      step(name, 'start');
      await attempt(name, async () => {
        const memory = memoryBytes === undefined ? undefined : MemoryLimit.create(name, memoryBytes);
        if (memory) limits.push(memory);
        processes.set(name, await ContenderProcess.start(contender, settings, { signal, memory, events }));
        rounds.set(name, []);
      });
    }
    const begun = performance.now();
    const times = { spentSeconds: 0, lastPassSeconds: 0 };
    for (let pass = -method.warmUps; !isEnough(pass, scenario, rounds, method, times); pass += 1) {
      const order = [...processes];
      if (pass % 2 !== 0) order.reverse();
      for (const [name, contender] of order) {
        if (signal?.aborted) break;
        step(name, pass < 0 ? 'warm-up' : `round ${pass + 1}`);
        await attempt(name, async () => {
          await sleep(method.pauseMs, undefined, { signal });
          const { yardstick } = scenario.contenders[name]!;
          const round = await runRound(contender, yardstick, scenario, settings, method);
          if (pass >= 0) rounds.get(name)!.push(round);
        });
      }
      if (signal?.aborted) break;
      const spentSeconds = (performance.now() - begun) / 1000;
      Object.assign(times, { spentSeconds, lastPassSeconds: spentSeconds - times.spentSeconds });
    }
    return { scenario, data, rounds: ofWholePasses(rounds), missing, failed };
  } finally {
    await Promise.all([...processes.values()].map((contender) => contender.stop()));
    for (const limit of limits) limit.remove();
    if (settings.output) removeOutput(settings.output.path);
  }
}

/** The rounds of passes in which every contender had its turn; of a first pass that was cut short, what there is. */
function ofWholePasses(rounds: ReadonlyMap<string, readonly Round[]>): Map<string, readonly Round[]> {
  const begun = [...rounds].filter(([, own]) => own.length > 0);
  const whole = Math.min(...begun.map(([, own]) => own.length));
  return new Map(begun.map(([name, own]) => [name, own.slice(0, whole)]));
}

function settingsOf(scenario: ScenarioQuestion, data: DataSet): Omit<Settings, 'params'> {
  const { batchSize, shuffle, samples = data.rows, stepMs, outputFolder } = scenario;
  const outputBytes = outputFolder ? data.rows * data.rowBytes : scenario.outputBytes;
  return {
    data,
    batchSize,
    shuffle,
    samples: Math.min(samples, data.rows),
    ...(stepMs !== undefined && { stepMs }),
    ...(outputBytes !== undefined && {
      output: {
        path: join(dataFolder(), `${scenario.name}.out`),
        // The set of a smoke run is small, and so is what is written then.
        bytes: Math.min(outputBytes, data.rows * data.rowBytes),
      },
    }),
  };
}
