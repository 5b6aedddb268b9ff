import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContenderProcess, type Round } from './contender-process.js';
import type { DataSet } from './data.js';
import { whatEnvironmentLacks } from './environments.js';
import { dataFolder, pythonInterpreter, script } from './folders.js';
import type { Settings } from './harness.js';
import { measureOf } from './measure.js';
import { checkOutput, checkOutputFolder, removeOutput } from './output-file.js';
import { arrangePages } from './page-cache.js';
import type { Contender, ScenarioQuestion } from './scenario.js';
import { pairedRatio, relativeHalfWidth } from './statistics.js';
import { whatForbidsDroppingPrivileges } from './unprivileged.js';

export interface Method {
  /** Passes over all contenders that are not counted. */
  readonly warmUps: number;
  readonly minSeconds: number;
  readonly roundsMin: number;
  readonly roundsMax: number;
  /** Rounds go on until the paired ratio of every reach is known to this half width. */
  readonly halfWidth: number;
  readonly pauseMs: number;
  /** Contenders in environments of their own run as well. */
  readonly environments: boolean;
}

/** Rounds by contender: entry `i` of each belongs to the same pass over all of them. */
export interface ScenarioRun {
  readonly scenario: ScenarioQuestion;
  readonly data: DataSet;
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** Contenders that did not run, with the reason. */
  readonly missing: ReadonlyMap<string, string>;
}

export const CAREFUL: Method = {
  warmUps: 1,
  minSeconds: 3,
  roundsMin: 5,
  roundsMax: 25,
  halfWidth: 0.05,
  pauseMs: 200,
  environments: true,
};
export const SMOKE: Method = {
  warmUps: 0,
  minSeconds: 0,
  roundsMin: 1,
  roundsMax: 1,
  halfWidth: 1,
  pauseMs: 0,
  environments: false,
};

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
  const settings = settingsOf(scenario, data);
  try {
    for (const [name, contender] of Object.entries(scenario.contenders)) {
      onProgress(`${scenario.name}: starting ${name}`);
      const reason = whatIsMissing(contender, data, method);
      if (reason !== undefined) {
        missing.set(name, reason);
        continue;
      }
      try {
        processes.set(name, await ContenderProcess.start(contender, settings));
      } catch (error) {
        // A library that does not load here, or can't write its copy, must not take the others with it.
        if (contender.environment === undefined) throw error;
        missing.set(name, `does not start: ${(error as Error).message.trim().split('\n').at(-1)}`);
      }
    }
    const rounds = new Map<string, Round[]>([...processes.keys()].map((name) => [name, []]));
    for (let pass = -method.warmUps; !isEnough(pass, scenario, rounds, method); pass += 1) {
      const order = [...processes];
      if (pass % 2 !== 0) order.reverse();
      for (const [name, contender] of order) {
        onProgress(`${scenario.name}: ${pass < 0 ? 'warm-up' : `round ${pass + 1}`}, ${name}`);
        await sleep(method.pauseMs);
        const { yardstick } = scenario.contenders[name]!;
        const round = await runRound(contender, yardstick, scenario, settings, method).catch((cause) => {
          throw new Error(`${scenario.name}, ${name}: ${(cause as Error).message}`, { cause });
        });
        if (pass >= 0) rounds.get(name)!.push(round);
      }
    }
    return { scenario, data, rounds, missing };
  } finally {
    await Promise.all([...processes.values()].map((contender) => contender.stop()));
  }
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

/** One round, begun in the state that the scenario asks for, and what was read or written checked after it. */
async function runRound(
  contender: ContenderProcess,
  yardstick: Contender['yardstick'],
  scenario: ScenarioQuestion,
  settings: Omit<Settings, 'params'>,
  { minSeconds }: Method,
): Promise<Round> {
  const { temperature, epochs: minEpochs = 1 } = scenario;
  const { data, output } = settings;
  const isWarm = temperature === 'warm' || yardstick === 'consumer';
  if (isWarm && output === undefined) {
    const round = await contender.round({ minSeconds, minEpochs, reopen: false });
    if (yardstick === undefined) checkSamples(round, scenario, settings);
    return round;
  }
  if (temperature !== 'warm') {
    arrangePages(temperature, [...filesOf(data), ...contender.files], pythonInterpreter());
  }
  if (output) removeOutput(output.path);
  const round = await contender.round({ minSeconds: 0, minEpochs, reopen: true });
  // Pages that anyone has mapped cannot be dropped.
  await contender.release();
  if (output) {
    if (yardstick === undefined && scenario.outputFolder) {
      checkSamples(round, scenario, settings);
      checkOutputFolder(output.path, output.bytes);
    } else if (yardstick === undefined) checkOutput(output.path, { ...round, bytes: output.bytes });
    removeOutput(output.path);
  } else if (yardstick === undefined) checkSamples(round, scenario, settings);
  return round;
}

function filesOf({ shards, regions, labels, lengths, flat }: DataSet): string[] {
  const paths = [shards, labels.path, ...regions.map(({ path }) => path)];
  if (lengths !== undefined) paths.push(lengths);
  if (flat !== undefined) paths.push(flat.path);
  return paths;
}

/** Every sample exactly once: as many as there are, and what was read adds up to what was written. */
function checkSamples(
  round: Round,
  { consumes }: ScenarioQuestion,
  { data, samples }: Omit<Settings, 'params'>,
): void {
  if (consumes === 'nothing') return;
  const ofEpoch = round.sum_of_part ?? (consumes === 'labels' ? labelSum(data) : data.sum);
  const sum = BigInt.asUintN(64, BigInt(ofEpoch) * BigInt(round.epochs)).toString();
  if (round.samples === samples * round.epochs && round.sum === sum) return;
  throw new Error(
    `not each sample of ${data.name} was read once: ${round.samples} samples in ${round.epochs} epochs of ${samples}, ` +
      `sum ${round.sum}, expected ${sum}`,
  );
}

function labelSum({ rows, labels }: DataSet): bigint {
  const bytes = new Uint8Array(readFileSync(labels.path).subarray(labels.offsetBytes));
  return new BigInt64Array(bytes.buffer, 0, rows).reduce((sum, label) => sum + label, 0n);
}

function isEnough(
  pass: number,
  { reaches }: ScenarioQuestion,
  rounds: Map<string, Round[]>,
  method: Method,
): boolean {
  if (pass < method.roundsMin) return false;
  if (pass >= method.roundsMax) return true;
  return reaches.every(({ subject, than, measure }) => {
    const [a, b] = [rounds.get(subject), typeof than === 'number' ? [] : rounds.get(than)];
    if (!a || !b) return true;
    // CPU time is too coarse to wait for.
    const value = (round: Round) => measureOf(round, measure.startsWith('cpu') ? 'mb_s' : measure);
    const theirs = typeof than === 'number' ? a.map(() => than) : b.map(value);
    return relativeHalfWidth(pairedRatio(a.map(value), theirs)) <= method.halfWidth;
  });
}

/** Names what a contender lacks here and how to get it, or nothing if it can run. */
function whatIsMissing(
  { runtime, environment, unprivileged, needs = [], packages = [] }: Contender,
  { shards }: DataSet,
  method: Method,
): string | undefined {
  if (environment !== undefined && !method.environments) return 'is not part of a smoke run';
  const lacks = environment === undefined ? undefined : whatEnvironmentLacks(environment);
  if (lacks !== undefined) return lacks;
  const python = pythonInterpreter(environment);
  for (const need of needs) {
    if (runtime === 'python') {
      const probe = `import importlib.util as u, sys; sys.exit(0 if u.find_spec("${need}") else 1)`;
      if (spawnSync(python, ['-c', probe]).status !== 0) return `needs the Python package ${need}`;
    } else if (spawnSync(need, ['--version']).status !== 0) return `needs the program ${need}`;
  }
  const unloadable = packages.find((name) => !loads(name));
  if (unloadable) return `needs the npm package ${unloadable}, which is not there or does not load here`;
  return unprivileged ? whatForbidsDroppingPrivileges(shards) : undefined;
}

const loaded = new Map<string, boolean>();

/** Whether a package can be imported, tried once in a process of its own. */
function loads(name: string): boolean {
  if (!loaded.has(name)) {
    const probe = ['--input-type=module', '--eval', `await import(${JSON.stringify(name)})`];
    const { status } = spawnSync(process.execPath, probe, { cwd: script('.'), stdio: 'ignore' });
    loaded.set(name, status === 0);
  }
  return loaded.get(name)!;
}
