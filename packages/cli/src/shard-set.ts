import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fastDigests } from '@zc/convert';
import { ZcError } from '@zc/errors';
import { type Manifest, type ShardEntry, ShardReader } from '@zc/format';
import { fileSource, readManifest } from '@zc/format/node';

/** The shards that a path names: those of a dataset's directory, or the one of a file. */
export interface ShardSet {
  readonly path: string;
  /** Only of a directory. */
  readonly manifest: Manifest | undefined;
  readonly shards: readonly ShardFile[];
}

export interface ShardFile {
  readonly name: string;
  readonly path: string;
  /** What the manifest says of it. */
  readonly entry: ShardEntry | undefined;
}

/** @throws ZC_IO_OPEN, ZC_FORMAT_MANIFEST */
export async function findShards(path: string): Promise<ShardSet> {
  if (!(await isDirectory(path))) {
    return { path, manifest: undefined, shards: [{ name: basename(path), path, entry: undefined }] };
  }
  const manifest = await readManifest(path);
  const shards = manifest.shards.map((entry) => ({ name: entry.name, path: join(path, entry.name), entry }));
  return { path, manifest, shards };
}

/**
 * Opens a shard, runs something with it and its length in bytes, and closes it again.
 *
 * @throws ZC_IO_OPEN, ZC_FORMAT_* and what `use` throws
 */
export async function withShard<T>(
  path: string,
  use: (shard: ShardReader, bytes: number) => Promise<T>,
): Promise<T> {
  await using source = await fileSource(path);
  return await use(await ShardReader.open(source, { digests: fastDigests() }), source.sizeBytes);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const summary = isMissing ? 'there is no such file or directory' : `it cannot be looked at: ${message}`;
    throw new ZcError('ZC_IO_OPEN', summary, { path, cause });
  }
}
