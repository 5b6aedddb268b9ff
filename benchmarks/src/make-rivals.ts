import { mkdirSync } from 'node:fs';
import { ENVIRONMENTS } from '../rivals/environments.js';
import { makeEnvironments } from './environments.js';
import { dataFolder } from './folders.js';
import { USAGE } from './options.js';

/** Makes all environments of other libraries, or those that are named; returns whether all are there. */
export async function makeRivals(names: readonly string[]): Promise<boolean> {
  const unknown = names.find((name) => !(name in ENVIRONMENTS));
  if (unknown !== undefined) throw new Error(`there is no environment "${unknown}"\n\n${USAGE}`);
  const wanted = Object.entries(ENVIRONMENTS).filter(([name]) => names.length === 0 || names.includes(name));
  mkdirSync(dataFolder(), { recursive: true });
  return makeEnvironments(Object.fromEntries(wanted), (text) => void process.stderr.write(`${text}\n`));
}
