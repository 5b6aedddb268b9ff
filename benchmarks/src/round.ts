import { readFileSync } from 'node:fs';
import type { ContenderProcess, Round } from './contender-process.js';
import type { DataSet } from './data.js';
import { pythonInterpreter } from './folders.js';
import type { Settings } from './harness.js';
import type { Method } from './method.js';
import { checkOutput, checkOutputFolder, removeOutput } from './output-file.js';
import { arrangePages } from './page-cache.js';
import type { Contender, ScenarioQuestion } from './scenario.js';

/** One round, begun in the state that the scenario asks for, and what was read or written checked after it. */
export async function runRound(
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
