import { readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { refuseAbove } from '../limits.js';
import { MANIFEST_NAME, type Manifest, type ShardEntry, serializeManifest, shardName } from '../manifest.js';
import { readManifest } from './dataset-reader.js';
import { flushDirectory, openPartial } from './publish.js';
import { hasErrno, systemError } from './system-error.js';

/** Name of the file in a dataset that lists the shards that are being moved into it. */
const MOVING_NAME = '.moving.json';
/** What else lies in a dataset is not ours to remove, whatever the list says. */
const SHARD_NAME = /^shard-\d{6,}\.zcs$/;

/** A dataset that shards are being added to (specification, section 11). */
export interface OpenAppend {
  /** The dataset as it is until `publish`. */
  readonly manifest: Manifest;
  /** Where the new shards are made: a directory beside the dataset, on the same file system. */
  readonly path: string;
  /** The next name of a shard that no file of the dataset has. */
  nextName(): string;
  /**
   * Moves shards into the dataset, behind those that it has, and then replaces its manifest at once. They lie in
   * `path` under the names of their entries, and on the disk.
   *
   * Readers that are open go on with the shards that they know: none of those is touched.
   *
   * @throws ZC_IO_WRITE, ZC_FORMAT_LIMIT; the dataset is then as it was
   */
  publish(entries: readonly ShardEntry[]): Promise<Manifest>;
  /** Drops what was made; does nothing after `publish`. */
  discard(): Promise<void>;
}

/**
 * Begins an append. Writers of a dataset exclude each other, those that replace it included; what one that was killed
 * has left is removed.
 *
 * @throws ZC_FORMAT_BUSY where another one writes, ZC_IO_OPEN where there is no dataset, ZC_FORMAT_MANIFEST,
 *   ZC_IO_EXISTS, ZC_IO_WRITE
 */
export async function openAppend(path: string): Promise<OpenAppend> {
  // A missing dataset must not leave directories behind that were made for its neighbour.
  await readManifest(path);
  // Whoever comes by a symbolic link and whoever comes by the directory itself must meet at the same lock.
  const directory = await realpath(path);
  const partial = await openPartial(directory, { overwrite: false, grows: true });
  try {
    const manifest = await readManifest(directory);
    await settleMoving(directory);
    const taken = new Set(await readdir(directory));
    let number = manifest.shards.length;
    return {
      manifest,
      path: partial.path,
      nextName() {
        while (taken.has(shardName(number))) number++;
        return shardName(number++);
      },
      async publish(entries) {
        const grown = grownBy(manifest, entries, directory);
        try {
          await publish(directory, partial.path, grown, entries);
        } catch (cause) {
          await settleMoving(directory);
          throw cause instanceof ZcError
            ? cause
            : systemError('ZC_IO_WRITE', 'appending to the dataset', directory, cause);
        }
        await partial.discard();
        return grown;
      },
      discard: partial.discard,
    };
  } catch (error) {
    await partial.discard();
    throw error;
  }
}

function grownBy(manifest: Manifest, entries: readonly ShardEntry[], path: string): Manifest {
  const shards = [...manifest.shards, ...entries];
  refuseAbove('SHARDS_MAX', shards.length, 'the number of shards', { path });
  const sum = (key: 'samples' | 'bytes') => shards.reduce((total, entry) => total + entry[key], 0);
  return { schema: manifest.schema, samples: sum('samples'), bytes: sum('bytes'), shards };
}

/** At each moment in between, the manifest names whole shards, and the list names those that it does not. */
async function publish(
  directory: string,
  partial: string,
  manifest: Manifest,
  entries: readonly ShardEntry[],
): Promise<void> {
  const put = async (name: string, text: string) => {
    await writeFile(join(partial, name), text, { flush: true });
    await rename(join(partial, name), join(directory, name));
    await flushDirectory(directory);
  };
  const names = entries.map(({ name }) => name);
  await put(MOVING_NAME, JSON.stringify(names));
  for (const name of names) await rename(join(partial, name), join(directory, name));
  await flushDirectory(directory);
  await put(MANIFEST_NAME, serializeManifest(manifest));
  await rm(join(directory, MOVING_NAME), { force: true });
}

/** Ends an append during which a process died: what it moved and the manifest does not name goes. */
async function settleMoving(directory: string): Promise<void> {
  const path = join(directory, MOVING_NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT')) return;
    throw systemError('ZC_IO_OPEN', 'reading what an append left', path, cause);
  }
  const { shards } = await readManifest(directory);
  const named = new Set(shards.map(({ name }) => name));
  for (const name of namesIn(text)) {
    if (SHARD_NAME.test(name) && !named.has(name)) await rm(join(directory, name), { force: true });
  }
  await rm(path, { force: true });
}

function namesIn(text: string): string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
