import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentRecipe } from '../rivals/environments.js';
import { dataFolder, pythonInterpreter } from './folders.js';

/** Left in an environment's folder: what was installed, and what went wrong with it. */
interface Marker {
  readonly installs: EnvironmentRecipe['installs'];
  readonly failure?: string;
}

const ERROR_LINES_MAX = 3;

/**
 * Makes environments one after another, each from nothing; one that was made by the same recipe is kept. What
 * fails is said, noted for {@link whatEnvironmentLacks}, and does not stop the rest.
 *
 * @returns whether all of them are there
 */
export async function makeEnvironments(
  recipes: Readonly<Record<string, EnvironmentRecipe>>,
  onProgress: (text: string) => void,
): Promise<boolean> {
  let complete = true;
  for (const [name, recipe] of Object.entries(recipes)) {
    if (isIntact(name, recipe)) {
      onProgress(`${name}: is there`);
      continue;
    }
    const begun = Date.now();
    try {
      await make(name, recipe, onProgress);
      mark(name, { installs: recipe.installs });
      onProgress(`${name}: made in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
    } catch (error) {
      complete = false;
      const failure = (error as Error).message;
      rmSync(folderOf(name), { recursive: true, force: true });
      mark(name, { installs: recipe.installs, failure });
      onProgress(`${name}: not made: ${failure}`);
    }
  }
  return complete;
}

/** Why contenders in this environment cannot run, and what to do, or nothing if they can. */
export function whatEnvironmentLacks(name: string): string | undefined {
  const marker = readMarker(name);
  if (marker?.failure !== undefined) return `needs the environment ${name}, not made: ${marker.failure}`;
  if (marker !== undefined && existsSync(pythonInterpreter(name))) return undefined;
  return `needs the environment ${name}: npm run bench -- --rivals ${name}`;
}

async function make(
  name: string,
  { installs, modules, build }: EnvironmentRecipe,
  onProgress: (text: string) => void,
): Promise<void> {
  if (build && spawnSync('pkg-config', ['--exists', ...build.libraries]).status !== 0) {
    throw new Error(`it is compiled against libraries: sudo apt-get install ${build.debian.join(' ')}`);
  }
  const folder = folderOf(name);
  onProgress(`${name}: a virtual environment in ${folder}`);
  await run(pythonInterpreter(), ['-m', 'venv', '--clear', folder]);
  for (const [i, packages] of installs.entries()) {
    onProgress(`${name}: pip install ${packages.join(' ')} (${i + 1} of ${installs.length})`);
    await run(pythonInterpreter(name), ['-m', 'pip', 'install', '--no-input', ...packages]);
  }
  await run(pythonInterpreter(name), ['-c', `import ${modules.join(', ')}`]);
}

function isIntact(name: string, { installs }: EnvironmentRecipe): boolean {
  const marker = readMarker(name);
  return (
    marker !== undefined &&
    marker.failure === undefined &&
    JSON.stringify(marker.installs) === JSON.stringify(installs) &&
    existsSync(pythonInterpreter(name))
  );
}

function readMarker(name: string): Marker | undefined {
  const path = markerPath(name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Marker) : undefined;
}

function mark(name: string, marker: Marker): void {
  mkdirSync(folderOf(name), { recursive: true });
  writeFileSync(markerPath(name), `${JSON.stringify(marker, null, 2)}\n`);
}

function markerPath(name: string): string {
  return join(folderOf(name), 'environment.json');
}

function folderOf(name: string): string {
  return join(dataFolder(), name);
}

/** Runs a program; the error of one that fails has the last lines it wrote that speak of errors. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(whatWentWrong(output) || `${command} ended with ${status}`);
}

function whatWentWrong(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /error/i.test(line));
  return (errors.length > 0 ? errors : lines).slice(-ERROR_LINES_MAX).join('; ');
}
