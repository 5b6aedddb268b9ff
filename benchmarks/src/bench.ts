import { mkdirSync } from 'node:fs';
import { prepareData } from './data.js';
import { dataFolder } from './folders.js';
import { describeMachine } from './machine.js';
import { makeReport } from './make-report.js';
import { whatForbidsLimits } from './memory-limit.js';
import type { Method } from './method.js';
import type { Options } from './options.js';
import { Progress } from './progress.js';
import type { Report } from './report.js';
import { writeReport } from './report-file.js';
import { runScenario, type ScenarioRun } from './runner.js';
import type { FamilyScenario } from './selection.js';

/**
 * Runs scenarios one after another. The report is written after each, so that what comes later can lose nothing;
 * when the signal comes, it ends with the passes that are whole.
 */
export async function bench(
  scenarios: readonly FamilyScenario[],
  { method, minutes, memoryBytes, selection, json }: Options,
  signal: AbortSignal,
): Promise<Report> {
  mkdirSync(dataFolder(), { recursive: true });
  const machine = { ...describeMachine(), memory_limit: memoryLimit(memoryBytes) };
  const date = new Date();
  const runs: ScenarioRun[] = [];
  const reportOf = (): Report => {
    const seconds = (Date.now() - date.getTime()) / 1000;
    const report = makeReport(runs, { machine, method, date, seconds, interrupted: signal.aborted });
    if (json !== undefined) writeReport(json, report);
    return report;
  };
  using progress = new Progress(scenarios.length);
  for (const [i, scenario] of scenarios.entries()) {
    if (signal.aborted) break;
    try {
      const say = (words: string) => progress.say(i, words);
      const data = await prepareData(scenario.data, selection === 'smoke', say);
      const spentSeconds = (Date.now() - date.getTime()) / 1000;
      const share = minutes && (minutes * 60 - spentSeconds) / (scenarios.length - i);
      const onStep = (step: Parameters<Progress['step']>[1]) => progress.step(i, step);
      runs.push(await runScenario(scenario, data, within(share, method), { onStep, signal, memoryBytes }));
    } catch (error) {
      runs.push(failedRun(scenario, (error as Error).message));
    }
    reportOf();
  }
  return reportOf();
}

/** @throws where a limit is asked for and none can be set */
function memoryLimit(bytes: number | undefined): string {
  const forbidden = whatForbidsLimits();
  if (bytes === undefined)
    return forbidden === undefined ? 'none was asked for' : `none can be set: ${forbidden}`;
  if (forbidden !== undefined) throw new Error(`--memory: ${forbidden}`);
  return `${(bytes / 2 ** 30).toFixed(1)} GiB for each contender, its page cache included`;
}

function within(seconds: number | undefined, method: Method): Method {
  return seconds === undefined ? method : { ...method, budgetSeconds: seconds };
}

/** What stands for a scenario whose set could not be made. */
function failedRun(scenario: FamilyScenario, error: string): ScenarioRun {
  const failed = new Map(Object.keys(scenario.contenders).map((name) => [name, error]));
  return { scenario, data: undefined, rounds: new Map(), missing: new Map(), failed };
}
