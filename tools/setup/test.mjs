import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPython } from './environment.mjs';
import { show } from './process.mjs';
import { cache, root } from './step.mjs';
import { pythonMissing } from './steps/python.mjs';
import { countPytest, countVitest } from './test-counts.mjs';

const PYTHON_PACKAGE = 'packages/torch/python';

/**
 * `npm test`: vitest over every package, then pytest; the last line is their sum.
 *
 * With arguments they go to vitest, and pytest is left out: `npm test -- --project io`.
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit status
 */
export async function test(args) {
  mkdirSync(cache, { recursive: true });
  const counts = [await runVitest(args)];
  if (args.length === 0) counts.push(await runPytest());
  const passed = counts.reduce((sum, { passed }) => sum + passed, 0);
  const failed = counts.reduce((sum, { failed }) => sum + failed, 0);
  const skipped = counts.reduce((sum, { skipped }) => sum + skipped, 0);
  if (skipped > 0) console.log(`${skipped} skipped`);
  if (existsSync(pythonMissing))
    console.log(`PyTorch part not run. ${readFileSync(pythonMissing, 'utf8').trim()}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** @param {string[]} args */
async function runVitest(args) {
  const report = join(cache, 'vitest.json');
  rmSync(report, { force: true });
  const status = await show('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  return countVitest(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status);
}

async function runPytest() {
  const interpreter = readPython();
  if (interpreter === undefined) return { passed: 0, failed: 0, skipped: 0 };
  const report = join(cache, 'pytest.xml');
  rmSync(report, { force: true });
  const status = await show(interpreter, ['-m', 'pytest', '-q', 'tests', `--junitxml=${report}`], {
    cwd: join(root, PYTHON_PACKAGE),
  });
  return countPytest(existsSync(report) ? readFileSync(report, 'utf8') : undefined, status);
}
