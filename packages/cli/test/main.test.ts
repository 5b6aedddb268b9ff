import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { version } from '../package.json';
import { ended, startZc, zc } from './helpers/run-zc.js';

test('--version', async () => {
  expect(await zc('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help tells the exit codes', async () => {
  const { stdout } = await zc('--help');
  for (const exit of [0, 1, 2, 65, 66, 69, 70, 73, 74, 75, 130]) {
    expect(stdout).toMatch(new RegExp(`^  ${exit} `, 'm'));
  }
});

test('colours where they are asked for, and never where they are refused', async () => {
  const run = (env: Record<string, string>) =>
    ended(startZc(['verify', join(temporaryDirectory(), 'gone')], [], env));
  const red = `${String.fromCharCode(27)}[31m`;
  expect((await run({ FORCE_COLOR: '1' })).stderr).toContain(`${red}ZC_IO_OPEN`);
  const refusals: Record<string, string>[] = [
    {},
    { NO_COLOR: '1' },
    { NO_COLOR: '1', FORCE_COLOR: '1' },
    { FORCE_COLOR: '0' },
  ];
  for (const env of refusals) expect((await run(env)).stderr, JSON.stringify(env)).toMatch(/^ZC_IO_OPEN /);
});

test.each([
  [['veryfy', 'x'], 'Did you mean verify?'],
  [['split', 'x'], "missing required argument 'output'"],
  [['pack', 'x', 'y', '--shard-bytes', 'lots'], '256MiB'],
  [['inspect', 'x', '--jsn'], 'Did you mean --json?'],
  [['completion', 'tcsh'], 'bash, zsh, fish'],
])('%j is not understood and ends with 2', async (args, words) => {
  const { code, stdout, stderr } = await zc(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(words);
});

test('an error is told with code, place and advice', async () => {
  const path = join(temporaryDirectory(), 'gone');
  const { code, stdout, stderr } = await zc('inspect', path);
  expect({ code, stdout }).toEqual({ code: 66, stdout: '' });
  expect(stderr).toMatch(/^ZC_IO_OPEN .*gone: .*\.\n.+\.\n$/);
});

test('with --json an error is one line of JSON on stderr', async () => {
  const path = join(temporaryDirectory(), 'gone');
  const { code, stdout, stderr } = await zc('inspect', path, '--json');
  expect({ code, stdout }).toEqual({ code: 66, stdout: '' });
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
