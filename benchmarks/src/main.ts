import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ENVIRONMENTS } from '../rivals/environments.js';
import { prepareData } from './data.js';
import { makeEnvironments } from './environments.js';
import { built, dataFolder } from './folders.js';
import { describeMachine } from './machine.js';
import { makeReport } from './report.js';
import { CAREFUL, runScenario, type ScenarioRun, SMOKE } from './runner.js';
import { FAMILIES, type Family, type Scenario } from './scenario.js';
import { toMarkdown } from './table.js';

const USAGE = `usage: npm run bench -- [${FAMILIES.join(' | ')}] [options]

  --scenario NAME   this one alone
  --json FILE       write the report as JSON
  --contender A,B   these alone
  --rounds N        at most so many rounds a scenario, for a first look; 25 by default
  --smoke           each scenario once at a tiny size: does it run, not how fast
  --list            what there is
  --rivals [A,B]    make the environments of other libraries, or some, instead: ${Object.keys(ENVIRONMENTS).join(', ')}

Without a family the essential scenarios are run. Sets are made once, in ${dataFolder()} (ZC_BENCH_DATA overrides).
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scenario: { type: 'string' },
      contender: { type: 'string' },
      json: { type: 'string' },
      rounds: { type: 'string', default: String(CAREFUL.roundsMax) },
      smoke: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      rivals: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (values.rivals) {
    await makeRivals(positionals.flatMap((names) => names.split(',')));
    return;
  }
  const unknown = positionals.find((name) => !FAMILIES.includes(name as Family));
  if (unknown !== undefined) throw new Error(`there is no family "${unknown}"\n\n${USAGE}`);

  const scenarios = await select(positionals as Family[], values.scenario, values.smoke);
  if (values.list) {
    for (const { name, title } of scenarios) process.stdout.write(`${name.padEnd(24)} ${title}\n`);
    return;
  }
  if (scenarios.length === 0) throw new Error('no such scenario; --list shows what there is');

  const contenders = values.contender?.split(',');
  const roundsMax = Number(values.rounds);
  if (!Number.isInteger(roundsMax) || roundsMax < 1)
    throw new Error(`--rounds takes a whole number, not "${values.rounds}"`);
  const method = values.smoke
    ? { ...SMOKE, environments: contenders !== undefined }
    : { ...CAREFUL, roundsMax, roundsMin: Math.min(CAREFUL.roundsMin, roundsMax) };

  mkdirSync(dataFolder(), { recursive: true });
  const runs: ScenarioRun[] = [];
  for (const scenario of scenarios) {
    const data = await prepareData(scenario.data, values.smoke, say);
    runs.push(await runScenario(onlyWith(contenders, scenario), data, method, say));
  }
  const report = makeReport(runs, describeMachine());
  process.stdout.write(toMarkdown(report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** All environments, or those that are named. */
async function makeRivals(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !(name in ENVIRONMENTS));
  if (unknown !== undefined) throw new Error(`there is no environment "${unknown}"\n\n${USAGE}`);
  const wanted = Object.entries(ENVIRONMENTS).filter(([name]) => names.length === 0 || names.includes(name));
  mkdirSync(dataFolder(), { recursive: true });
  if (!(await makeEnvironments(Object.fromEntries(wanted), say))) process.exitCode = 1;
}

/** The scenarios asked for: a family's, one by its name, or, of all, the essential ones (in a smoke run nearly every one). */
async function select(
  families: readonly Family[],
  name: string | undefined,
  smoke: boolean,
): Promise<Scenario[]> {
  const found: Scenario[] = [];
  for (const family of families.length > 0 ? families : FAMILIES) {
    for (const file of listModules(`scenarios/${family}`)) {
      found.push((await import(pathToFileURL(file).href)).default as Scenario);
    }
  }
  if (name !== undefined) return found.filter((scenario) => scenario.name === name);
  if (smoke) return found.filter((scenario) => scenario.smoke !== false);
  return families.length > 0 ? found : found.filter((scenario) => scenario.essential);
}

/** The same question put to fewer contenders. */
function onlyWith(names: readonly string[] | undefined, scenario: Scenario): Scenario {
  if (names === undefined) return scenario;
  const contenders = Object.entries(scenario.contenders).filter(([name]) => names.includes(name));
  if (contenders.length === 0) {
    throw new Error(
      `${scenario.name} has no contender ${names.join(', ')}; it has ${Object.keys(scenario.contenders).join(', ')}`,
    );
  }
  return { ...scenario, contenders: Object.fromEntries(contenders) };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function listModules(folder: string): string[] {
  try {
    return readdirSync(built(folder))
      .filter((name) => name.endsWith('.js'))
      .sort()
      .map((name) => built(`${folder}/${name}`));
  } catch {
    return [];
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exitCode = 1;
});
