import type { CompletionNode, CompletionOption } from './completion-tree.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** The script that makes a shell complete the program's commands, options and their values. */
export function completionScript(shell: Shell, program: CompletionNode): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program);
}

function bashScript(program: CompletionNode): string {
  const flagsOf = (node: CompletionNode) => node.options.flatMap(({ flags }) => flags).join(' ');
  const values = program.commands.flatMap((command) =>
    command.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices }) => {
        const patterns = flags.map((flag) => `"${command.name} ${flag}"`).join('|');
        return `    ${patterns}) ${choices.length > 0 ? bashWords(choices) : 'return'};;`;
      }),
  );
  const commands = program.commands.map((command) => {
    const reply = command.choices.length > 0 ? bashWords(command.choices) : 'return';
    return `    ${command.name}) if [[ $word == -* ]]; then ${bashWords([flagsOf(command)])}; else ${reply}; fi;;`;
  });
  const first = [...program.commands.map(({ name }) => name), flagsOf(program)];
  return `# Completion of ${program.name} for bash: eval "$(${program.name} completion bash)"
_${program.name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD == 1 ]]; then ${bashWords(first)}; return; fi
  # Nothing in the reply lets bash complete files, as -o default says below.
  case "$command $before" in
${values.join('\n')}
  esac
  [[ \${#COMPREPLY[@]} == 0 ]] || return
  case $command in
${commands.join('\n')}
  esac
}
complete -o bashdefault -o default -F _${program.name} ${program.name}
`;
}

function bashWords(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"))`;
}

function zshScript(program: CompletionNode): string {
  const { name } = program;
  const list = program.commands.map((command) => `    '${command.name}:${zshText(command.summary)}'`);
  const cases = program.commands.map((command) => {
    const rest = command.choices.length > 0 ? `:word:(${command.choices.join(' ')})` : ':path:_files';
    const specs = [
      ...command.options.flatMap(zshOption),
      ...(command.takesPaths || command.choices.length > 0 ? [`'*${rest}'`] : []),
    ];
    return `    ${command.name}) _arguments ${specs.join(' \\\n      ')};;`;
  });
  return `#compdef ${name}
# Completion of ${name} for zsh: eval "$(${name} completion zsh)"
_${name}() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments ${program.options.flatMap(zshOption).join(' ')}
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _${name} ${name}
`;
}

function zshOption({ flags, summary, takesValue, choices }: CompletionOption): string[] {
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  return flags.map((flag) => `'${flag}[${zshText(summary)}]${value}'`);
}

/** What ends a description would end it early. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', ' -');
}

function fishScript(program: CompletionNode): string {
  const { name } = program;
  const lines = program.commands.flatMap((command) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${fishText(command.summary)}`,
    ...(command.choices.length > 0
      ? [`complete -c ${name} -n '${seen(command)}' -f -a '${command.choices.join(' ')}'`]
      : []),
    ...command.options.map((option) => `complete -c ${name} -n '${seen(command)}' ${fishOption(option)}`),
  ]);
  const own = program.options.map(
    (option) => `complete -c ${name} -n __fish_use_subcommand ${fishOption(option)}`,
  );
  return `# Completion of ${name} for fish: ${name} completion fish | source
${[...own, ...lines].join('\n')}
`;
}

function seen({ name }: CompletionNode): string {
  return `__fish_seen_subcommand_from ${name}`;
}

function fishOption({ flags, summary, takesValue, choices }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
  return `${names.join(' ')}${value} -d ${fishText(summary)}`;
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
