import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../testing/temporary-directory.js';
import { readPython } from '../environment.mjs';
import { countPytest, countVitest } from '../test-counts.mjs';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

describe('vitest', () => {
  test.each([
    ['all pass', { 'a.test.js': 'test("1", () => {}); test("2", () => {})' }, [2, 0, 0]],
    [
      'one fails, one is skipped',
      { 'a.test.js': 'test("1", () => expect(1).toBe(2)); test.skip("2", () => {})' },
      [0, 1, 1],
    ],
    [
      'a file that cannot be loaded fails',
      { 'a.test.js': 'test("1", () => {})', 'b.test.js': 'throw 1' },
      [1, 1, 0],
    ],
    [
      'an error outside every test fails',
      { 'a.test.js': 'test("1", () => { Promise.reject(1) })' },
      [1, 1, 0],
    ],
    ['no test is a failure', {}, [0, 1, 0]],
  ])('%s', (_, files, [passed, failed, skipped]) => {
    expect(runVitest(files)).toEqual({ passed, failed, skipped });
  });

  function runVitest(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return run(
      process.execPath,
      [vitest, 'run', '--globals', '--reporter=json', '--outputFile=out'],
      countVitest,
    );
  }
});

describe.skipIf(readPython() === undefined)('pytest', () => {
  test.each([
    ['all pass', 'def test_a(): pass\ndef test_b(): pass', [2, 0, 0]],
    ['one fails', 'def test_a(): pass\ndef test_b(): assert 0', [1, 1, 0]],
    ['one is skipped', 'import pytest\ndef test_a(): pytest.skip()\ndef test_b(): pass', [1, 0, 1]],
    ['a file that cannot be loaded fails', 'import nothing_of_that_name', [0, 1, 0]],
    ['no test is a failure', '', [0, 1, 0]],
  ])('%s', (_, text, [passed, failed, skipped]) => {
    writeFileSync(join(folder, 'test_it.py'), text);
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--junitxml=out'];
    expect(run(readPython()!, args, countPytest)).toEqual({ passed, failed, skipped });
  });
});

/** Runs a test runner in the folder, without what this one left in the environment, and counts. */
function run(program: string, args: string[], count: typeof countVitest) {
  const { status } = spawnSync(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } });
  const report = join(folder, 'out');
  return count(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status ?? 1);
}
