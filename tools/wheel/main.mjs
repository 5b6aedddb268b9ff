/**
 * `npm run wheel`: the Python package as one file in `dist/`, with everything in it that is not Python. With
 * `--check` it is then installed into an empty environment and used there.
 *
 * What the build has made is laid out below `.cache/wheel/` as in the package; from there
 * `packages/torch/python/hatch_build.py` takes it.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readPython } from '../setup/environment.mjs';
import { show, work } from '../setup/process.mjs';
import { cache, report, root, SetupError } from '../setup/step.mjs';
import { licenseTexts } from './licenses.mjs';

const staged = join(cache, 'wheel/zero_copy_loader');
const target = join(root, 'dist');

const startMs = performance.now();
const python = readPython() ?? 'python3';
rmSync(staged, { recursive: true, force: true });
await stagePrograms();
await stageNative();
report(await buildWheel(), startMs);
if (process.argv.includes('--check')) {
  process.exitCode = await show(python, ['-m', 'pytest', '-q', 'wheel_tests'], {
    cwd: join(root, 'packages/torch/python'),
  });
}

/** The server, and the command `zc` with all its libraries: Node takes them for modules by a package.json. */
async function stagePrograms() {
  const server = join(staged, 'server');
  await work('wheel-zc', 'tsup', ['--config', 'tools/wheel/tsup.config.ts'], 'Correct what it says above.');
  cpSync(join(root, 'packages/torch/dist/server.js'), join(server, 'server.js'));
  writeFileSync(join(server, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(server, 'LICENSES.txt'), licenseTexts(join(server, 'metafile-esm.json')));
  rmSync(join(server, 'metafile-esm.json'));
}

/** Both native libraries, without what only a debugger reads. */
async function stageNative() {
  const io = join(root, 'packages/io');
  const libraries = {
    'zc_io.node': join(io, 'prebuilds', `linux-${process.arch}`, '@zc+io.glibc.node'),
    'libzc_core.so': join(io, 'native/build/release/libzc_core.so'),
  };
  mkdirSync(join(staged, 'native'), { recursive: true });
  for (const [name, built] of Object.entries(libraries)) {
    const output = join(staged, 'native', name);
    await work('wheel-strip', 'strip', ['--strip-unneeded', '-o', output, built], 'Install binutils.');
  }
}

/** Its path, from the root. */
async function buildWheel() {
  mkdirSync(target, { recursive: true });
  for (const old of wheels()) rmSync(join(target, old));
  await work(
    'wheel',
    python,
    ['-m', 'pip', 'wheel', '--no-deps', '--wheel-dir', target, 'packages/torch/python'],
    'Check that the package index can be reached: hatchling, which builds the wheel, comes from there.',
  );
  const [wheel] = wheels();
  if (!wheel) throw new SetupError('pip made no wheel', 'What it said is in .cache/logs/wheel.log.');
  return join(basename(target), wheel);
}

function wheels() {
  return readdirSync(target).filter((name) => /^zero_copy_loader-.*\.whl$/.test(name));
}
