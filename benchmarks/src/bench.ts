import { existsSync, mkdirSync } from 'node:fs';
import { prepareData } from './data.js';
import { dataFolder } from './folders.js';
import { describeMachine } from './machine.js';
import { makeReport } from './make-report.js';
import { whatForbidsLimits } from './memory-limit.js';
import { mergeReports } from './merge-reports.js';
import type { Options } from './options.js';
import { Progress } from './progress.js';
import type { Report } from './report.js';
import { readReport, writeReport } from './report-file.js';
import { runScenario, type ScenarioRun, type Step } from './runner.js';
import type { FamilyScenario } from './selection.js';

/** With a limit of time: of the share that another scenario has, an essential one has so many. */
const ESSENTIAL_SHARES = 3;

/**
 * Runs scenarios one after another. The report is written after each, so that what comes later can lose nothing;
 * when the signal comes, it ends with the passes that are whole. Where time is limited the essential ones come
 * first, and those that it does not suffice for are listed as missing.
 */
export async function bench(
  scenarios: readonly FamilyScenario[],
  options: Options,
  signal: AbortSignal,
): Promise<Report> {
  const { method, minutes, memoryBytes, json, add } = options;
  const earlier = add && json !== undefined && existsSync(json) ? readReport(json) : undefined;
  mkdirSync(dataFolder(), { recursive: true });
  const machine = { ...describeMachine(), memory_limit: memoryLimit(memoryBytes) };
  const date = new Date();
  const spentSeconds = () => (Date.now() - date.getTime()) / 1000;
  const runs = new Map<FamilyScenario, ScenarioRun>();
  const reportOf = (): Report => {
    // In the order of the question, whatever the order of the answers was.
    const inOrder = scenarios.flatMap((scenario) => runs.get(scenario) ?? []);
    const context = { machine, method, date, seconds: spentSeconds(), interrupted: signal.aborted };
    const own = makeReport(inOrder, context);
    const report = earlier ? mergeReports(earlier, own) : own;
    if (json !== undefined) writeReport(json, report);
    return report;
  };

  using progress = new Progress(scenarios.length);
  const waiting = minutes === undefined ? [...scenarios] : essentialFirst(scenarios);
  for (let scenario = waiting.shift(); scenario && !signal.aborted; scenario = waiting.shift()) {
    const leftSeconds = minutes === undefined ? undefined : minutes * 60 - spentSeconds();
    if (leftSeconds !== undefined && leftSeconds <= 0) {
      runs.set(scenario, absentRun(scenario, { missing: 'the time was up' }));
      continue;
    }
    const budgetSeconds =
      leftSeconds && (leftSeconds * sharesOf(scenario)) / sum([scenario, ...waiting].map(sharesOf));
    const limited = budgetSeconds === undefined ? method : { ...method, budgetSeconds };
    runs.set(scenario, await runOne(scenario, { ...options, method: limited }, progress, runs.size, signal));
    reportOf();
  }
  return reportOf();
}

/** One scenario. Whatever goes wrong with it must not take the others along. */
async function runOne(
  scenario: FamilyScenario,
  { method, memoryBytes, events, selection }: Options,
  progress: Progress,
  index: number,
  signal: AbortSignal,
): Promise<ScenarioRun> {
  try {
    const data = await prepareData(scenario.data, selection === 'smoke', (words) =>
      progress.say(index, words),
    );
    const onStep = (step: Step) => progress.step(index, step);
    const run = await runScenario(scenario, data, method, { onStep, signal, memoryBytes, events });
    // Figures that are no numbers have no place in a report.
    makeReport([run], { method });
    return run;
  } catch (error) {
    return absentRun(scenario, { failed: (error as Error).message });
  }
}

/** What stands for a scenario of which nothing could be measured. */
function absentRun(
  scenario: FamilyScenario,
  { failed, missing }: { failed?: string; missing?: string },
): ScenarioRun {
  const all = (reason: string | undefined) =>
    new Map(reason === undefined ? [] : Object.keys(scenario.contenders).map((name) => [name, reason]));
  return { scenario, data: undefined, rounds: new Map(), missing: all(missing), failed: all(failed) };
}

function essentialFirst(scenarios: readonly FamilyScenario[]): FamilyScenario[] {
  return [...scenarios].sort((a, b) => sharesOf(b) - sharesOf(a));
}

function sharesOf({ essential }: FamilyScenario): number {
  return essential ? ESSENTIAL_SHARES : 1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @throws where a limit is asked for and none can be set */
function memoryLimit(bytes: number | undefined): string {
  const forbidden = whatForbidsLimits();
  if (bytes === undefined)
    return forbidden === undefined ? 'none was asked for' : `none can be set: ${forbidden}`;
  if (forbidden !== undefined) throw new Error(`--memory: ${forbidden}`);
  return `${(bytes / 2 ** 30).toFixed(1)} GiB for each contender, its page cache included`;
}
