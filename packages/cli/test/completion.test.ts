import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { zc } from './helpers/run-zc.js';

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await zc('completion', shell);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    scripts[shell] = stdout;
  }
});

/** Runs a shell with a script of ours and one of the test's. */
function run(shell: string, script: string): string[] {
  const cwd = temporaryDirectory();
  mkdirSync(join(cwd, 'data'));
  const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell]!;
  const { stdout, stderr } = spawnSync(shell, [...flags, '-c', `${scripts[shell]}\n${script}`], {
    encoding: 'utf8',
    cwd,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** What bash offers for the last word of a line. */
function offeredByBash(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  return run(
    'bash',
    `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _zc; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
}

test('bash completes commands, options, and the values that are known', () => {
  expect(offeredByBash('zc', 'm')).toEqual(['merge']);
  expect(offeredByBash('zc', '')).toContain('reshard');
  expect(offeredByBash('zc', 'split', '--f')).toEqual(['--fractions']);
  expect(offeredByBash('zc', 'head', '-')).toEqual(
    expect.arrayContaining(['-n', '--count', '--json', '--help']),
  );
  expect(offeredByBash('zc', 'bench', 'data', '--mode', '')).toEqual(['auto', 'direct', 'copied']);
  expect(offeredByBash('zc', 'completion', 'z')).toEqual(['zsh']);
});

test('bash completes files where a path belongs', () => {
  expect(offeredByBash('zc', 'inspect', 'd')).toEqual([]);
  expect(run('bash', 'complete -p zc')).toEqual(['complete -o bashdefault -o default -F _zc zc']);
});

const hasShell = (shell: string) => spawnSync(shell, ['--version']).error === undefined;

test.skipIf(!hasShell('fish'))('fish does', () => {
  const offered = (line: string) => run('fish', `complete -C '${line}'`).map((word) => word.split('\t')[0]);
  expect(offered('zc me')).toEqual(['merge']);
  expect(offered('zc split --fr')).toEqual(['--fractions']);
  expect(offered('zc bench --mode ')).toEqual(expect.arrayContaining(['auto', 'direct', 'copied']));
  expect(offered('zc inspect da')).toEqual(['data/']);
});

test.skipIf(!hasShell('zsh'))('zsh is given the same', () => {
  // What completes is loaded by compinit; here it prints what it is asked for.
  const stubs =
    'compdef() { :; }; _arguments() { print -rl -- $@; }; _describe() { print -rl -- $commands; };';
  const asked = (...words: string[]) =>
    run('zsh', `words=(${words.join(' ')}); CURRENT=${words.length}; _zc`).map(
      (word) => word.split(/[:[]/)[0],
    );
  scripts.zsh = `${stubs}\n${scripts.zsh}`;
  expect(asked('zc', "''")).toEqual(expect.arrayContaining(['merge', 'reshard']));
  expect(asked('zc', 'split', '--f')).toEqual(expect.arrayContaining(['--fractions', '--by', '*']));
});
