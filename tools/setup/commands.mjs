import { join } from 'node:path';
import { readPython } from './environment.mjs';
import { show } from './process.mjs';
import { root } from './step.mjs';
import { build } from './steps/build.mjs';
import { nativeLibraries } from './steps/native-libraries.mjs';
import { packages } from './steps/packages.mjs';
import { programs } from './steps/programs.mjs';
import { python } from './steps/python.mjs';
import { test } from './test.mjs';

const INSTALLED = [programs, packages];
const BUILT = [...INSTALLED, nativeLibraries, build];
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
  bench: { needs: ALL, run: (args) => show('node', ['benchmarks/dist/src/main.js', ...args]) },
  wheel: { needs: ALL, run: (args) => show('node', ['tools/wheel/main.mjs', ...args]) },
  'test:soak': { needs: ALL, run: (args) => show('node', ['tools/tiers/soak.mjs', ...args]) },
  'test:interop': { needs: ALL, run: (args) => show('node', ['tools/tiers/interop.mjs', ...args]) },
  lint: { needs: [...INSTALLED, python], run: lint },
  typecheck: { needs: [...INSTALLED, python], run: typecheck },
  'check:packages': {
    needs: INSTALLED,
    run: () => show('turbo', ['run', 'check:package', '--concurrency', '2', '--output-logs', 'errors-only']),
  },
  layers: { needs: INSTALLED, run: (args) => show('tsx', ['tools/layers/main.ts', ...args]) },
  golden: {
    needs: INSTALLED,
    run: () => show('tsx', ['--tsconfig', 'tsconfig.base.json', 'tools/golden/main.ts']),
  },
  reference: {
    needs: INSTALLED,
    run: () => show('tsx', ['--tsconfig', 'tsconfig.base.json', 'tools/reference/main.ts']),
  },
};

/**
 * Both languages, or the one that is named: `npm run lint -- python`.
 *
 * @param {string[]} languages
 */
async function lint([language]) {
  const typescript = language === 'python' ? 0 : await show('biome', ['ci']);
  const python = language === 'typescript' ? 0 : await pythonTool(['ruff', 'check'], root);
  return typescript || python;
}

/**
 * Both languages, or the one that is named: `npm run typecheck -- typescript`.
 *
 * @param {string[]} languages
 */
async function typecheck([language]) {
  const typescript = language === 'python' ? 0 : await typecheckTypescript();
  const python =
    language === 'typescript'
      ? 0
      : await pythonTool(['mypy', '--strict'], join(root, 'packages/torch/python'));
  return typescript || python;
}

async function typecheckTypescript() {
  const packages = await show('turbo', [
    'run',
    'typecheck',
    '--concurrency',
    '2',
    '--output-logs',
    'errors-only',
  ]);
  return (await show('tsc', ['-p', 'tools'])) || packages;
}

/**
 * Runs a Python tool.
 *
 * @param {string[]} args
 * @param {string} cwd
 */
function pythonTool(args, cwd) {
  const interpreter = readPython();
  if (interpreter === undefined) return 1;
  return show(interpreter, ['-m', ...args], { cwd });
}
