import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { version } from '../package.json';
import { zc } from './helpers/run-zc.js';

test('--version', async () => {
  expect(await zc('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help names every command and the exit codes', async () => {
  const { code, stdout } = await zc('--help');
  expect(code).toBe(0);
  for (const command of ['pack', 'inspect', 'cat', 'verify', 'doctor'])
    expect(stdout).toContain(`  ${command} `);
  for (const exit of ['0 ', '1 ', '2 ', '130 ']) expect(stdout).toMatch(new RegExp(`^  ${exit}`, 'm'));
});

test.each(['pack', 'inspect', 'cat', 'verify', 'doctor'])(
  'the help of %s has an example',
  async (command) => {
    const { code, stdout } = await zc(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`$ zc ${command} `);
    expect(stdout).toContain('--json');
  },
);

test.each([
  [['veryfy', 'x'], 'Did you mean verify?'],
  [['split', 'x'], "missing required argument 'output'"],
  [['pack', 'x', 'y', '--shard-bytes', 'lots'], '256MiB'],
  [['inspect', 'x', '--jsn'], 'Did you mean --json?'],
])('%j is not understood and ends with 2', async (args, words) => {
  const { code, stdout, stderr } = await zc(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(words);
});

test('an error is told with code, place and advice', async () => {
  const path = join(temporaryDirectory(), 'gone');
  const { code, stdout, stderr } = await zc('inspect', path);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^ZC_IO_OPEN .*gone: .*\.\n.+\.\n$/);
});

test('with --json an error is one line of JSON on stderr', async () => {
  const path = join(temporaryDirectory(), 'gone');
  const { code, stdout, stderr } = await zc('inspect', path, '--json');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  const document = z.object({
    error: z.looseObject({ code: z.literal('ZC_IO_OPEN'), path: z.literal(path), advice: z.string() }),
  });
  document.parse(JSON.parse(stderr));
});

test.each([
  [['veryfy', 'x'], "unknown command 'veryfy'"],
  [['split', 'x'], "missing required argument 'output'"],
  [['cat', 'x', 'first'], 'whole number'],
])('with --json %j is refused in JSON', async (args, words) => {
  const { code, stdout, stderr } = await zc(...args, '--json');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'ZC_ARGUMENT', summary: expect.stringContaining(words) },
  });
});
