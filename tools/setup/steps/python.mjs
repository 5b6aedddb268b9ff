import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPython } from '../environment.mjs';
import { ask, work } from '../process.mjs';
import { cache, doStep, root, SetupError, textOf } from '../step.mjs';

const REQUIREMENTS = 'tools/setup/requirements.txt';
const MODULES = ['numpy', 'torch', 'rfc8785', 'pytest', 'hypothesis', 'mypy', 'ruff'];

/** Where the reason is kept if parts of the Python environment could not be had. */
export const pythonMissing = join(cache, 'python-missing');

/**
 * A Python with NumPy, PyTorch and the test tools: the one on PATH where it has them all, else a virtual
 * environment with pinned versions. Nothing is ever installed into a Python that is not ours.
 *
 * Its path goes to `.cache/python`. Where PyTorch cannot be had the environment is made without it, where
 * nothing can, not at all; then the reason lies in `.cache/python-missing`, the rest of the repository works
 * on, and the next run tries again.
 */
export async function python() {
  await doStep('python', {
    title: 'Python environment made',
    inputs: [textOf(REQUIREMENTS), ask('python3', ['--version']) ?? ''],
    present: () => !existsSync(pythonMissing) && existsSync(readPython() ?? ''),
    run: choosePython,
  });
}

async function choosePython() {
  rmSync(pythonMissing, { force: true });
  rmSync(join(cache, 'python'), { force: true });
  const system = ask('python3', ['-c', 'import sys; print(sys.executable)']);
  if (system && lacks(system).length === 0) return settle(system, 'the one on PATH');

  const venv = join(root, '.venv/bin/python');
  const requirements = textOf(REQUIREMENTS)
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const torch = requirements.filter((line) => line.startsWith('torch'));
  try {
    if (ask(venv, ['--version']) === undefined) {
      await work(
        'venv',
        'python3',
        ['-m', 'venv', '--clear', '.venv'],
        'Run: sudo apt-get install python3-venv',
      );
    }
    await install(
      'pip',
      requirements.filter((line) => !torch.includes(line)),
    );
  } catch (error) {
    return goWithout(error, 'no Python environment');
  }
  try {
    await install('pip-torch', torch);
  } catch (error) {
    settle(venv, '');
    return goWithout(error, 'PyTorch is not there');
  }
  return settle(venv, '.venv');
}

/**
 * @param {string} name
 * @param {readonly string[]} requirements
 */
function install(name, requirements) {
  return work(
    name,
    '.venv/bin/python',
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...requirements],
    'Check that the package index can be reached, or put the modules into the python3 on PATH: ' +
      `python3 -m pip install -r ${REQUIREMENTS}`,
  );
}

/**
 * The modules that an interpreter does not find.
 *
 * @param {string} interpreter
 */
function lacks(interpreter) {
  const program =
    'import sys, importlib.util as u\nprint(" ".join(m for m in sys.argv[1:] if u.find_spec(m) is None))';
  return (ask(interpreter, ['-c', program, ...MODULES]) ?? MODULES.join(' ')).split(' ').filter(Boolean);
}

/**
 * @param {string} interpreter
 * @param {string} outcome
 */
function settle(interpreter, outcome) {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'python'), `${interpreter}\n`);
  return outcome;
}

/**
 * @param {unknown} error
 * @param {string} what
 */
function goWithout(error, what) {
  if (!(error instanceof SetupError)) throw error;
  writeFileSync(pythonMissing, `${what}: ${error.message}\n`);
  console.error(`setup: ${what}; its tests will not run. ${error.advice}`);
  return what;
}
