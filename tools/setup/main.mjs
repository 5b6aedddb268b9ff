/**
 * The way into the repository: every command of the root's package.json comes through here.
 *
 * It needs Node 20 and nothing from npm, for it runs before anything is installed. First it does what the
 * command needs of the set-up, each step skipped where its inputs have not changed; then the command itself.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../build/lock.mjs';
import { commands } from './commands.mjs';
import { cache, SetupError } from './step.mjs';

const [name = 'setup', ...args] = process.argv.slice(2);
const command = commands[name];
try {
  if (!command)
    throw new SetupError(
      `there is no command "${name}"`,
      `Choose one of ${Object.keys(commands).join(', ')}.`,
    );
  if (command.needs.length > 0) {
    const giveBack = await takeSetup();
    for (const step of command.needs) await step();
    giveBack();
  }
  process.exitCode = await command.run(args);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: failed: ${error.message}\n       ${error.advice}`);
  process.exitCode = 1;
}

/** Two commands at once would build the same files. */
async function takeSetup() {
  try {
    mkdirSync(cache, { recursive: true });
    return await takeLock(join(cache, 'lock'), (pid) =>
      console.error(`setup: process ${pid} is setting up this folder; waiting for it`),
    );
  } catch (error) {
    throw new SetupError(
      `${cache}: ${/** @type {Error} */ (error).message}`,
      'The set-up keeps there what it has done: make the folder writable.',
    );
  }
}
