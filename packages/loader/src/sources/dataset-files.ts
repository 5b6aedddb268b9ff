import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ZcError } from '@zc/errors';
import { MANIFEST_NAME, parseManifest, type Schema, type ShardEntry } from '@zc/format';
import { type FileReader, openShard } from '../shards/shard-opening.js';
import type { ShardInfo } from '../shards/shard-store.js';

/** The shards of a dataset, known but not opened. */
export interface DatasetFiles {
  readonly schema: Schema;
  readonly shards: readonly ShardInfo[];
}

/** Shards of a list that are looked at together. */
const LOOKED_AT_MAX = 64;
/** Shards whose lines go into the digest by one call: a call costs more than a line. */
const HASHED_TOGETHER = 1024;

/**
 * Finds the shards that a path or a list of paths stands for. Of a directory only `dataset.json` is read; of a
 * list each shard's head and footer.
 *
 * @throws ZC_ARGUMENT, ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_…
 */
export async function findShards(
  paths: string | readonly string[],
  files: FileReader,
): Promise<DatasetFiles> {
  if (typeof paths === 'string') {
    const path = absolute(paths);
    const isDirectory = await asOpen(path, async () => (await stat(path)).isDirectory());
    return isDirectory ? fromManifest(path) : fromList([path], files);
  }
  if (!Array.isArray(paths) || paths.length === 0) {
    throw new ZcError('ZC_ARGUMENT', 'a dataset is a path or a list of at least one shard', {
      actual: paths,
    });
  }
  return fromList(paths.map(absolute), files);
}

/** The same for the same samples in the same order: a shard's UUID stands for its schema and all its bytes. */
export function digestOf(shards: readonly ShardInfo[]): string {
  const hash = createHash('sha256');
  for (let i = 0; i < shards.length; i += HASHED_TOGETHER) {
    const lines = shards.slice(i, i + HASHED_TOGETHER).map(({ uuid, samples }) => `${uuid} ${samples}\n`);
    hash.update(lines.join(''));
  }
  return hash.digest('hex');
}

/** Shards are opened when they are touched, and the working directory may be another one by then. */
function absolute(path: string): string {
  if (typeof path === 'string' && path !== '' && !/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return resolve(path);
  throw new ZcError('ZC_ARGUMENT', `"${String(path)}" is no local path`, {
    actual: path,
    advice: 'Only local paths can be opened: copy the dataset to this machine.',
  });
}

async function fromManifest(directory: string): Promise<DatasetFiles> {
  const path = join(directory, MANIFEST_NAME);
  // Not to wait for whoever writes into a pipe: as a manifest it is empty.
  const flag = constants.O_RDONLY | constants.O_NONBLOCK;
  const text = await asOpen(path, () => readFile(path, { encoding: 'utf8', flag }));
  const { schema, shards } = parseManifest(text, path);
  const withPath = ({ name, bytes, samples, uuid }: ShardEntry) => {
    // Names are plain, so that nothing is left for `join` to do, which takes long over a hundred thousand.
    return { name, path: `${directory}/${name}`, bytes, samples, uuid };
  };
  return { schema, shards: numbered(shards.map(withPath)) };
}

async function fromList(paths: readonly string[], files: FileReader): Promise<DatasetFiles> {
  const found: { schema: Schema; shard: Omit<ShardInfo, 'firstSample'> }[] = [];
  for (let i = 0; i < paths.length; i += LOOKED_AT_MAX) {
    found.push(...(await Promise.all(paths.slice(i, i + LOOKED_AT_MAX).map((path) => lookAt(path, files)))));
  }
  const { schema } = found[0]!;
  for (const { schema: other, shard } of found) {
    if (JSON.stringify(other) === JSON.stringify(schema)) continue;
    throw new ZcError('ZC_FORMAT_SCHEMA', `the shard has another schema than ${paths[0]}`, {
      path: shard.path,
      expected: schema,
      actual: other,
    });
  }
  return { schema, shards: numbered(found.map(({ shard }) => shard)) };
}

async function lookAt(
  path: string,
  files: FileReader,
): Promise<{ schema: Schema; shard: Omit<ShardInfo, 'firstSample'> }> {
  const { sizeBytes, footer, uuid } = await openShard(path, files);
  const shard = { name: basename(path), path, bytes: sizeBytes, samples: footer.samples, uuid };
  return { schema: footer.schema, shard };
}

function numbered(shards: readonly Omit<ShardInfo, 'firstSample'>[]): ShardInfo[] {
  let firstSample = 0;
  return shards.map(({ name, path, bytes, samples, uuid }) => {
    const info = { name, path, bytes, samples, uuid, firstSample };
    firstSample += samples;
    return info;
  });
}

async function asOpen<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw new ZcError('ZC_IO_OPEN', `it cannot be opened: ${(cause as Error).message}`, {
      path,
      cause,
      advice: 'Name a directory with a dataset.json, a shard, or a list of shards.',
    });
  }
}
