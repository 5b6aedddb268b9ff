// Builds the native core and the addon: node native/build.mjs [--kind release|debug|asan]
//
// A release goes to prebuilds/, which is what the package loads, here as where it is installed. The other kinds
// stay in native/build/<kind>/; ZC_IO_ADDON makes the package load them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { takeLock } from '../../../tools/build/lock.mjs';

const native = dirname(fileURLToPath(import.meta.url));
const packageRoot = dirname(native);
const { kind } = parseArgs({ options: { kind: { type: 'string', default: 'release' } } }).values;
if (!['release', 'debug', 'asan'].includes(kind)) {
  throw new Error(`--kind is release, debug or asan, not "${kind}"`);
}

const buildRoot = join(native, 'build', kind);
const outputRoot = kind === 'release' ? packageRoot : buildRoot;
const addon = join(outputRoot, 'prebuilds', `linux-${process.arch}`, '@zc+io.glibc.node');
const library = join(buildRoot, 'libzc_core.so');
const nodedir = findNodeHeaders();
const stampFile = join(buildRoot, 'addon.stamp');

mkdirSync(buildRoot, { recursive: true });
await takeLock(join(buildRoot, 'lock'));
const stamp = fingerprint();
if (existsSync(addon) && existsSync(library) && readStamp() === stamp) {
  console.error(`native ${kind}: nothing has changed`);
} else {
  rmSync(stampFile, { force: true });
  run('make', ['-C', native, '-j2', '--no-print-directory', `BUILD=${kind}`, `build/${kind}/libzc_core.so`]);
  await buildAddon();
  writeFileSync(stampFile, stamp);
  console.error(`native ${kind}: ${addon}`);
}

async function buildAddon() {
  const cwd = join(buildRoot, 'addon');
  mkdirSync(cwd, { recursive: true });
  link('../../../addon', join(cwd, 'src'));
  link('../../../addon/binding.gyp', join(cwd, 'binding.gyp'));
  // The addon's makefile does not see that the core's objects have changed, and prebuildify strips its output in
  // place: it is linked anew each time.
  for (const output of ['zc_io.node', 'obj.target/zc_io.node']) {
    rmSync(join(cwd, 'build', 'Release', output), { force: true });
  }
  process.env.GYP_DEFINES = `kind=${kind}`;
  if (nodedir !== undefined) process.env.npm_config_nodedir = nodedir;
  const prebuildify = createRequire(import.meta.url)('prebuildify');
  await new Promise((resolve, reject) => {
    prebuildify(
      {
        cwd,
        out: outputRoot,
        name: '@zc/io',
        targets: [process.versions.node],
        napi: true,
        tagLibc: true,
        strip: kind === 'release',
        nodeGyp: join(native, 'node-gyp-incremental'),
      },
      (error) => (error ? reject(error) : resolve()),
    );
  });
}

/** Node's own headers. Without them node-gyp tries to download some. */
function findNodeHeaders() {
  const given = process.env.npm_config_nodedir;
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return [given, prefix].find((root) => root && existsSync(join(root, 'include/node/node_api.h')));
}

/** Of everything that the result depends on. */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(`${process.version} ${nodedir}\n`);
  hash.update(execFileSync(process.env.CXX ?? 'g++', ['--version']));
  for (const name of ['CXX', 'CXXFLAGS', 'LDFLAGS']) hash.update(`${name}=${process.env[name] ?? ''}\n`);
  const sources = ['core', 'capi', 'addon'].flatMap((folder) =>
    readdirSync(join(native, folder), { recursive: true }).map((name) => join(folder, name)),
  );
  const files = sources.filter((name) => /\.(cc|h|gyp)$/.test(name)).sort();
  for (const name of ['Makefile', 'sources.txt', 'build.mjs', 'node-gyp-incremental', ...files]) {
    hash.update(`${name}\n`).update(readFileSync(join(native, name)));
  }
  return hash.digest('hex');
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined;
}

function link(target, path) {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function run(command, args) {
  execFileSync(command, args, { stdio: ['ignore', 2, 2] });
}
