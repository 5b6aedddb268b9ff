import { readPython } from './environment.mjs';
import { show } from './process.mjs';
import { root } from './step.mjs';
import { build } from './steps/build.mjs';
import { liburing } from './steps/liburing.mjs';
import { packages } from './steps/packages.mjs';
import { programs } from './steps/programs.mjs';
import { python } from './steps/python.mjs';
import { test } from './test.mjs';

const INSTALLED = [programs, packages];
const BUILT = [...INSTALLED, liburing, build];
const ALL = [...BUILT, python];

/**
 * The commands of the root's package.json: what each needs of the set-up, and what it then runs.
 *
 * @type {Record<string, { needs: readonly (() => Promise<void>)[], run: (args: string[]) => Promise<number> | number }>}
 */
export const commands = {
  setup: { needs: ALL, run: () => 0 },
  build: { needs: BUILT, run: () => 0 },
  test: { needs: ALL, run: test },
  demo: { needs: ALL, run: (args) => show('node', ['examples/demo/dist/main.js', ...args]) },
  bench: { needs: ALL, run: (args) => show('node', ['benchmarks/dist/main.js', ...args]) },
  'test:soak': { needs: ALL, run: (args) => show('node', ['tools/tiers/soak.mjs', ...args]) },
  'test:interop': { needs: ALL, run: (args) => show('node', ['tools/tiers/interop.mjs', ...args]) },
  lint: { needs: [...INSTALLED, python], run: lint },
  typecheck: { needs: [...INSTALLED, python], run: typecheck },
  layers: { needs: INSTALLED, run: (args) => show('tsx', ['tools/layers/main.ts', ...args]) },
  reference: {
    needs: INSTALLED,
    run: () => show('tsx', ['--tsconfig', 'tsconfig.base.json', 'tools/reference/main.ts']),
  },
};

/** @param {string[]} args */
async function lint(args) {
  const biome = await show('biome', ['ci', ...args]);
  return (await pythonTool(['ruff', 'check', '.'])) || biome;
}

async function typecheck() {
  const packages = await show('turbo', ['run', 'typecheck', '--output-logs', 'errors-only']);
  const tools = await show('tsc', ['-p', 'tools']);
  return (await pythonTool(['mypy', '--strict', 'src'])) || packages || tools;
}

/**
 * Runs a Python tool on the Python package.
 *
 * @param {string[]} args
 */
function pythonTool(args) {
  const interpreter = readPython();
  if (interpreter === undefined) return 1;
  return show(interpreter, ['-m', ...args], { cwd: `${root}/packages/torch/python` });
}
