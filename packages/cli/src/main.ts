import { isZcError, ZcError } from '@zc/errors';
import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { addAppend } from './commands/append.js';
import { addBench } from './commands/bench.js';
import { addCat } from './commands/cat.js';
import { addCompletion } from './commands/completion.js';
import { addDiff } from './commands/diff.js';
import { addDoctor } from './commands/doctor.js';
import { addExport } from './commands/export.js';
import { addHead } from './commands/head.js';
import { addInspect } from './commands/inspect.js';
import { addMerge } from './commands/merge.js';
import { addPack } from './commands/pack.js';
import { addReshard } from './commands/reshard.js';
import { addSplit } from './commands/split.js';
import { addStats } from './commands/stats.js';
import { addVerify } from './commands/verify.js';
import { exitCode, exitCodeHelp, exitCodeOf } from './exit-code.js';
import { styleHelp } from './help-text.js';
import { endQuietlyOnClosedPipe } from './output.js';
import { styled } from './style.js';

/**
 * Runs `zc` with the arguments behind its name and gives its exit code; never throws.
 *
 * @example process.exitCode = await main(process.argv.slice(2));
 */
export async function main(args: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  let code: number = exitCode.ok;
  const json = args.includes('--json');
  const program = createProgram(json, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.ok;
      if (json) report(usageError(error), { json });
      return exitCode.usage;
    }
    report(error, { json });
    return exitCodeOf(error);
  }
}

/** The commands in the order of the help. */
const groups = {
  'Make datasets:': [addPack, addMerge, addSplit, addAppend, addReshard],
  'Look at them:': [addInspect, addCat, addHead, addStats, addDiff],
  'Take it elsewhere:': [addExport],
  'Check and time:': [addVerify, addBench, addDoctor],
  'Set up:': [addCompletion],
};

function createProgram(json: boolean, end: (code: number) => void): Command {
  const program = new Command('zc')
    .description('Pack, look at, check and time datasets of ZC-Loader.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for what can be given)')
    .addHelpText('after', exitCodeHelp);
  styleHelp(program);
  if (json) program.configureOutput({ writeErr: () => undefined });
  for (const [heading, adders] of Object.entries(groups)) {
    program.commandsGroup(heading);
    // A command of its own does not inherit what was set above.
    for (const add of adders) add(program, end).copyInheritedSettings(program);
  }
  program.helpCommand('help [command]', 'display help for command');
  return program;
}

/** What the parser would say in words, for `--json`. */
function usageError({ message }: CommanderError): ZcError {
  const advice = '`zc --help` says what can be given.';
  return new ZcError('ZC_ARGUMENT', message.replace(/^error: /, ''), { advice });
}

/** An error on stderr: its message, which has the advice in it, or with `--json` one line of JSON. */
function report(error: unknown, options: { json: boolean }): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (options.json) {
    const document = isZcError(error) ? error.toJSON() : { name, summary: message };
    process.stderr.write(`${JSON.stringify({ error: document })}\n`);
  } else if (isZcError(error)) {
    process.stderr.write(`${styledError(error.code, message)}\n`);
  } else {
    // None of ours: whoever reports it needs the place.
    process.stderr.write(`${stack ?? message}\n`);
  }
}

/** The code stands out; what it says is read as well without colours. */
function styledError(code: string, message: string): string {
  return `${styled(process.stderr, 'bad', code)}${message.slice(code.length)}`;
}
