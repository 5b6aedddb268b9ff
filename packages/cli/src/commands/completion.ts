import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion-scripts.js';
import { completionTree } from '../completion-tree.js';
import { Output } from '../output.js';

const help = `
Put one of these into the shell's start-up file:
  bash  eval "$(zc completion bash)"
  zsh   eval "$(zc completion zsh)"     (behind compinit)
  fish  zc completion fish | source

Example:
  $ zc completion bash`;

/** `zc completion`: what makes a shell complete commands and options. */
export function addCompletion(program: Command): Command {
  return program
    .command('completion')
    .summary('print what makes bash, zsh or fish complete commands and options')
    .description('Prints the script that makes a shell complete the commands and options of zc.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell) => {
      new Output().line(completionScript(shell, completionTree(program)).trimEnd());
    });
}
