import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { built } from './folders.js';
import type { Options } from './options.js';
import { FAMILIES, type Family, type Scenario } from './scenario.js';

/** A scenario with the family in whose folder it lies. */
export interface FamilyScenario extends Scenario {
  readonly family: Family;
}

/** The scenarios asked for, each with the contenders asked for. */
export async function selectScenarios({
  families,
  scenarios: names,
  contenders,
  selection,
}: Options): Promise<FamilyScenario[]> {
  const found: FamilyScenario[] = [];
  for (const family of families.length > 0 ? families : FAMILIES) {
    for (const file of modulesIn(`scenarios/${family}`)) {
      const { default: scenario } = (await import(pathToFileURL(file).href)) as { default: Scenario };
      found.push({ ...scenario, family });
    }
  }
  const unknown = names?.find((name) => !found.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`there is no scenario "${unknown}"; --list shows what there is`);
  const wanted = found.filter((scenario) => {
    if (names !== undefined) return names.includes(scenario.name);
    if (selection === 'smoke') return scenario.smoke !== false;
    return selection === 'all' || scenario.essential;
  });
  if (contenders !== undefined) return wanted.map((scenario) => onlyWith(contenders, scenario));
  return selection === 'essential' ? wanted.map(withoutVariants) : wanted;
}

/** The same question put to fewer contenders. */
function onlyWith(names: readonly string[], scenario: FamilyScenario): FamilyScenario {
  const kept = withContenders(scenario, (name) => names.includes(name));
  if (Object.keys(kept.contenders).length > 0) return kept;
  throw new Error(
    `${scenario.name} has no contender ${names.join(', ')}; it has ${Object.keys(scenario.contenders).join(', ')}`,
  );
}

/** A first look compares what users get by default with the others, not our own modes with each other. */
function withoutVariants(scenario: FamilyScenario): FamilyScenario {
  return withContenders(scenario, (name) => !name.startsWith('zc-'));
}

function withContenders(scenario: FamilyScenario, keep: (name: string) => boolean): FamilyScenario {
  const contenders = Object.entries(scenario.contenders).filter(([name]) => keep(name));
  return { ...scenario, contenders: Object.fromEntries(contenders) };
}

function modulesIn(folder: string): string[] {
  try {
    return readdirSync(built(folder))
      .filter((name) => name.endsWith('.js'))
      .sort()
      .map((name) => built(`${folder}/${name}`));
  } catch {
    return [];
  }
}
