import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask } from '../process.mjs';
import { cache } from '../step.mjs';
import { nodeHeaders } from './node-headers.mjs';

/**
 * Writes `.cache/toolchain.json`: what a native build depends on besides its sources.
 *
 * Turborepo takes the file as an input of `build:native`, so that another compiler, libc, liburing or zstd
 * makes the build anew; the native build reads `nodedir` from it when it is started by hand.
 */
export async function toolchain() {
  const text = `${JSON.stringify(await describeToolchain(), null, 2)}\n`;
  const path = join(cache, 'toolchain.json');
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function describeToolchain() {
  return {
    platform: `${process.platform}-${process.arch}`,
    compiler: ask('g++', ['--version'])?.split('\n')[0],
    libc: ask('ldd', ['--version'])?.split('\n')[0],
    liburing: libraryDigest('liburing.a'),
    zstd: libraryDigest('libzstd.a'),
    napi: process.versions.napi,
    nodedir: await nodeHeaders(),
  };
}

/** @param {string} name a static library */
function libraryDigest(name) {
  const library = ask('g++', [`-print-file-name=${name}`]);
  if (!library || !existsSync(library)) return null;
  return createHash('sha256').update(readFileSync(library)).digest('hex');
}
