import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { findNode24 } from './helpers/node-24.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const packages = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
const app = join(folder, 'app');
const bin = join(folder, 'bin');
const modules = join(app, 'node_modules/@zc/io');
/** No compiler, no make, no Python: nothing but Node and the shell. */
const env = { PATH: bin, HOME: folder };

beforeAll(() => {
  if (!existsSync(join(packages, 'io/dist/index.js')))
    expect.fail('there is no dist: run `npm run build` first');
  mkdirSync(app);
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  symlinkSync('/bin/sh', join(bin, 'sh'));
  const pnpm = join(packages, '../node_modules/.bin/pnpm');
  for (const name of ['errors', 'io']) {
    execFileSync(pnpm, ['pack', '--pack-destination', folder], {
      cwd: join(packages, name),
      stdio: 'ignore',
    });
  }
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  const npm = realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim());
  const tarballs = ['errors', 'io'].map((name) => join(folder, `zc-${name}-${version(name)}.tgz`));
  execFileSync(
    process.execPath,
    [npm, 'install', '--offline', '--no-audit', '--no-fund', '--no-update-notifier', ...tarballs],
    {
      cwd: app,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const consumer = fileURLToPath(new URL('helpers/consumer.cjs', import.meta.url));
  copyFileSync(consumer, join(app, 'consumer.cjs'));
  const required = /^const (\{.*\}) = require\((.*)\);$/gm;
  writeFileSync(
    join(app, 'consumer.mjs'),
    readFileSync(consumer, 'utf8').replace(required, 'import $1 from $2;'),
  );
});

function version(name: string): string {
  return JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')).version;
}

function run(node: string, ...args: string[]): string {
  return execFileSync(node, args, { cwd: app, env, encoding: 'utf8' });
}

test('the tarball holds the prebuilt addon and nothing to build one from', () => {
  expect(existsSync(join(modules, `prebuilds/linux-${process.arch}/@zc+io.glibc.node`))).toBe(true);
  for (const name of ['native', 'src', 'test', 'binding.gyp'])
    expect(existsSync(join(modules, name))).toBe(false);
  expect(JSON.parse(readFileSync(join(modules, 'package.json'), 'utf8')).dependencies).toEqual({
    '@zc/errors': `^${version('errors')}`,
  });
});

describe.each([
  ['this Node', () => process.execPath],
  ['Node 24', findNode24],
])('%s', (name, find) => {
  test.for(['consumer.mjs', 'consumer.cjs'])(
    'runs what was installed: %s',
    { timeout: 240_000 },
    (script, { skip }) => {
      const node = find();
      // Elsewhere than in CI there may be no registry to get it from.
      skip(node === undefined && process.env.CI === undefined, 'Node 24 cannot be had here');
      const { node: major, ...rest } = JSON.parse(run(node!, script));
      expect(rest).toEqual({ kernel: release(), read: 'hello', mapped: 'from' });
      if (name === 'Node 24') expect(major).toBe('24');
    },
  );
});

test('without its addon it still imports, and says what to do', () => {
  rmSync(join(modules, 'prebuilds'), { recursive: true });
  const script =
    'import("@zc/io").then((io) => { try { io.capabilities() } catch (e) { console.log(e.code, e.advice) } })';
  expect(run(process.execPath, '-e', script)).toMatch(/^ZC_IO_NO_ADDON Install @zc\/io again/);
});
