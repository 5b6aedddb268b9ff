import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContenderProcess, type Round } from './contender-process.js';
import type { DataSet } from './data.js';
import { pythonInterpreter } from './folders.js';
import { makeCold } from './page-cache.js';
import type { Contender, ScenarioQuestion } from './scenario.js';
import { pairedRatio, relativeHalfWidth } from './statistics.js';

export interface Method {
  readonly minSeconds: number;
  readonly roundsMin: number;
  readonly roundsMax: number;
  /** Rounds go on until the paired ratio of every reach is known to this half width. */
  readonly halfWidth: number;
  readonly pauseMs: number;
}

/** Rounds by contender: entry `i` of each belongs to the same pass over all of them. */
export interface ScenarioRun {
  readonly scenario: ScenarioQuestion;
  readonly data: DataSet;
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** Contenders that did not run, with the reason. */
  readonly missing: ReadonlyMap<string, string>;
}

export const CAREFUL: Method = { minSeconds: 3, roundsMin: 5, roundsMax: 25, halfWidth: 0.05, pauseMs: 200 };
export const SMOKE: Method = { minSeconds: 0, roundsMin: 1, roundsMax: 1, halfWidth: 1, pauseMs: 0 };

/**
 * Runs one scenario: all contenders in turn, first forwards, then backwards (ABBA), so that a machine that
 * gets slower or a disk that is throttled favours nobody; the first pass is not counted.
 */
export async function runScenario(
  scenario: ScenarioQuestion,
  data: DataSet,
  method: Method,
  onProgress: (text: string) => void,
): Promise<ScenarioRun> {
  const missing = new Map<string, string>();
  const processes = new Map<string, ContenderProcess>();
  try {
    for (const [name, contender] of Object.entries(scenario.contenders)) {
      const reason = whatIsMissing(contender);
      if (reason === undefined) processes.set(name, await ContenderProcess.start(contender, scenario, data));
      else missing.set(name, reason);
    }
    const rounds = new Map<string, Round[]>([...processes.keys()].map((name) => [name, []]));
    for (let pass = -1; !isEnough(pass, scenario, rounds, method); pass += 1) {
      const order = [...processes];
      if (pass % 2 !== 0) order.reverse();
      for (const [name, contender] of order) {
        onProgress(`${scenario.name}: ${pass < 0 ? 'warm-up' : `round ${pass + 1}`}, ${name}`);
        await sleep(method.pauseMs);
        const { yardstick } = scenario.contenders[name]!;
        const isCold = scenario.temperature === 'cold' && yardstick !== 'consumer';
        const round = await (isCold
          ? coldRound(contender, data)
          : contender.round({ ...method, reopen: false }));
        if (yardstick === undefined) checkSum(name, round, data);
        if (pass >= 0) rounds.get(name)!.push(round);
      }
    }
    return { scenario, data, rounds, missing };
  } finally {
    await Promise.all([...processes.values()].map((contender) => contender.stop()));
  }
}

async function coldRound(contender: ContenderProcess, data: DataSet): Promise<Round> {
  makeCold([data.shards, data.flat.path, data.labels.path], pythonInterpreter());
  const round = await contender.round({ minSeconds: 0, reopen: true });
  // Pages that anyone has mapped cannot be dropped.
  await contender.release();
  return round;
}

/** Every sample exactly once: as many as there are, and their bytes add up to what was written. */
function checkSum(name: string, round: Round, data: DataSet): void {
  if (round.samples !== data.rows * round.epochs || round.sum !== data.sum) {
    throw new Error(
      `${name} did not read each sample of ${data.name} once: ${round.samples} samples in ${round.epochs} epochs ` +
        `of ${data.rows}, sum ${round.sum}, expected ${data.sum}`,
    );
  }
}

function isEnough(
  pass: number,
  { reaches }: ScenarioQuestion,
  rounds: Map<string, Round[]>,
  method: Method,
): boolean {
  if (pass < method.roundsMin) return false;
  if (pass >= method.roundsMax) return true;
  return reaches.every(({ subject, than }) => {
    const [a, b] = [rounds.get(subject), rounds.get(than)];
    if (!a || !b) return true;
    return relativeHalfWidth(pairedRatio(a.map(mbPerSecond), b.map(mbPerSecond))) <= method.halfWidth;
  });
}

export function mbPerSecond(round: Round): number {
  return round.bytes / round.seconds / 1e6;
}

/** Names what a contender lacks here and how to get it, or nothing if it can run. */
function whatIsMissing({ runtime, needs = [] }: Contender): string | undefined {
  for (const need of needs) {
    if (runtime === 'python') {
      const probe = `import importlib.util as u, sys; sys.exit(0 if u.find_spec("${need}") else 1)`;
      if (spawnSync(pythonInterpreter(), ['-c', probe]).status !== 0)
        return `needs the Python package ${need}`;
    } else if (spawnSync(need, ['--version']).status !== 0) return `needs the program ${need}`;
  }
  return undefined;
}
