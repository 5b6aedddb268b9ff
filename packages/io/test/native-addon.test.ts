import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { capabilities } from '../src/index.js';
import { thrown } from './helpers/caught.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const folder = temporaryFolder();
const packageRoot = fileURLToPath(new URL('..', import.meta.url));

beforeEach(() => vi.resetModules());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('what is loaded here is the file that ships', () => {
  capabilities();
  const maps = readFileSync('/proc/self/maps', 'utf8');
  const addons = new Set(maps.match(/\S+zc\S*\.node$/gm));
  expect([...addons]).toEqual([join(packageRoot, 'prebuilds', `linux-${process.arch}`, '@zc+io.glibc.node')]);
});

test('nothing is compiled on install: no binding.gyp at the root, no install script', () => {
  const { scripts, files } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  for (const name of ['preinstall', 'install', 'postinstall', 'prebuild'])
    expect(scripts).not.toHaveProperty(name);
  expect(() => readFileSync(join(packageRoot, 'binding.gyp'))).toThrow('ENOENT');
  expect(files).toContain('prebuilds');
});

test('a missing addon is told at its first use, with the command that builds it', async () => {
  vi.stubEnv('ZC_IO_ADDON', join(folder, 'none.node'));
  const io = await import('../src/index.js');
  const error = thrown('ZC_IO_NO_ADDON', () => io.capabilities());
  expect(error.path).toBe(join(folder, 'none.node'));
  expect(error.advice).toBe(`Build it: node ${join(packageRoot, 'native', 'build.mjs')}`);
});

test('an addon that does not load is told with its reason', async () => {
  const broken = join(folder, 'broken.node');
  writeFileSync(broken, 'this is no shared library'.repeat(100));
  vi.stubEnv('ZC_IO_ADDON', broken);
  const io = await import('../src/index.js');
  const error = thrown('ZC_IO_NO_ADDON', () => new io.MappedFile(broken));
  expect(error.cause).toMatchObject({ code: 'ERR_DLOPEN_FAILED' });
  expect(error.message).toContain('invalid ELF header');
});

test.each([
  ['an older', '{}'],
  ['a newer', '{ interfaceVersion: 1e6 }'],
])('%s addon is refused before anything of it is called', async (_name, exported) => {
  const other = join(folder, 'other.cjs');
  writeFileSync(other, `module.exports = ${exported}`);
  vi.stubEnv('ZC_IO_ADDON', other);
  const io = await import('../src/index.js');
  const error = thrown('ZC_IO_NO_ADDON', () => io.capabilities());
  expect(error.message).toContain('another version');
  expect(error.path).toBe(other);
  expect(error.advice).toContain('Build it: node');
});

test('elsewhere than on Linux the package imports, and its first use says so', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
  const io = await import('../src/index.js');
  const error = thrown('ZC_IO_UNSUPPORTED_PLATFORM', () => new io.BufferPool({ slotBytes: 1, slots: 1 }));
  expect(error.message).toContain('darwin');
});
