import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment } from './environment.mjs';
import { cache, root, SetupError } from './step.mjs';

/**
 * Runs a program that talks to the terminal itself.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<number>} its exit status; 130 where Ctrl-C ended it, 127 where it could not be started
 */
export function show(program, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: childEnvironment(env), stdio: 'inherit' });
    // Ctrl-C reaches the child through the terminal; it decides how to end, and its status is passed on.
    const stay = () => {};
    process.on('SIGINT', stay);
    child.once('error', (error) => {
      console.error(`${program}: ${error.message} (in ${cwd})`);
      resolve(127);
    });
    child.once('close', (status, signal) => {
      process.off('SIGINT', stay);
      resolve(status ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/**
 * Runs a program quietly, its output kept in `.cache/logs/`; shows the end of it where the program fails.
 *
 * @param {string} name  Names the log.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} advice  What to do where it fails.
 */
export async function work(name, program, args, advice) {
  mkdirSync(join(cache, 'logs'), { recursive: true });
  const log = join(cache, 'logs', `${name}.log`);
  const file = openSync(log, 'w');
  const status = await new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: childEnvironment({}),
      stdio: ['ignore', file, file],
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (status === 0) return;
  console.error(readFileSync(log, 'utf8').trimEnd().split('\n').slice(-40).join('\n'));
  throw new SetupError(
    `\`${program} ${args.join(' ')}\` ended with ${status} (all it said: .cache/logs/${name}.log)`,
    advice,
  );
}

/**
 * What a program prints, or undefined where it is missing or fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 */
export function ask(program, args) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: childEnvironment({}) });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {Record<string, string>} more */
function childEnvironment(more) {
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { ...process.env, ...environment(), PATH: path, ...more };
}
