import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { examplePlace } from './helpers/example-place.js';
import { ended, plainEnvironment, zc } from './helpers/run-zc.js';

const commands = [
  ...['pack', 'merge', 'split', 'append', 'reshard'],
  ...['inspect', 'cat', 'head', 'stats', 'diff'],
  ...['export', 'verify', 'bench', 'doctor', 'completion'],
];

let place: string;
beforeAll(async () => {
  place = await examplePlace();
});

test('the help names every command, each once', async () => {
  const { code, stdout } = await zc('--help');
  expect(code).toBe(0);
  expect(stdout.match(/^ {2}[a-z]+ (?=\[|<)/gm)?.map((name) => name.trim())).toEqual([...commands, 'help']);
  // As wide as a terminal is.
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test.each(commands)('the examples in the help of %s work', async (command) => {
  const { code, stdout } = await zc(command, '--help');
  expect(code).toBe(0);
  const examples = [...stdout.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line!);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    expect(example).toMatch(/^zc /);
    expect(await runThere(example), example).toMatchObject({ code: 0 });
  }
});

/** As somebody types it, in a place of its own, where the outputs are not there yet. */
async function runThere(line: string) {
  const cwd = join(temporaryDirectory(), 'place');
  cpSync(place, cwd, { recursive: true });
  // An example that makes a dataset does not find it made already.
  const script = line.startsWith('zc pack') ? `rm -rf data/train; ${line}` : line;
  const PATH = `${join(cwd, 'bin')}${delimiter}${process.env.PATH}`;
  return await ended(spawn('bash', ['-c', script], { cwd, env: { ...plainEnvironment, PATH } }));
}
