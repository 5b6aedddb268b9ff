import type { Command, Option } from 'commander';

/** What can be typed behind `zc`, or behind one of its commands. */
export interface CompletionNode {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** None of a command itself. */
  readonly commands: readonly CompletionNode[];
  /** Whether what is typed here names files and directories. */
  readonly takesPaths: boolean;
  /** Words that its first argument may be; none where any may be. */
  readonly choices: readonly string[];
}

export interface CompletionOption {
  /** `--json`, or `-n` and `--count`. */
  readonly flags: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
  /** The words that its value may be; none where any may be. */
  readonly choices: readonly string[];
}

/** The commands and options of a program as its parser knows them. */
export function completionTree(program: Command): CompletionNode {
  return {
    name: program.name(),
    summary: program.summary() || program.description(),
    options: [...program.options, helpOption].map(nodeOfOption),
    commands: program.commands.map(completionTree),
    takesPaths: program.registeredArguments.some(({ argChoices }) => argChoices === undefined),
    choices: program.registeredArguments[0]?.argChoices ?? [],
  };
}

/** Commander does not list its own. */
const helpOption = {
  long: '--help',
  short: '-h',
  description: 'display help for command',
} satisfies Partial<Option>;

function nodeOfOption(option: Partial<Option>): CompletionOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    summary: option.description ?? '',
    takesValue: option.required === true || option.optional === true,
    choices: option.argChoices ?? [],
  };
}
