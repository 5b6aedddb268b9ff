import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { ShardEntry } from '@zc/format';
import type { DatasetReader } from '@zc/format/node';
import { directSink } from '../direct-sink.js';
import type { ProgressCounter } from './progress.js';

/** How a shard that stays as it is gets into another dataset. */
export interface TakeOptions {
  /** Give the new dataset bytes of its own in place of a second name for the same file. */
  readonly copy: boolean;
  readonly counter: ProgressCounter;
}

/**
 * Puts shard `number` of a dataset at `target`, whole.
 *
 * Published shards never change, so a second name for the same file (a hard link) is as good as a copy, takes no
 * space and no time, and stays when the first dataset is removed. Where the file system has no such link, or `copy`
 * asks for it, the bytes are copied: as a clone that shares blocks where it can make one, else one by one, and then
 * they must have the SHA-256 that the manifest tells.
 *
 * @throws ZC_FORMAT_* where the shard is not the one that the manifest lists; ZC_FORMAT_CHECKSUM, ZC_ABORTED,
 *   ZC_IO_WRITE
 */
export async function takeShard(
  dataset: DatasetReader,
  number: number,
  target: string,
  { copy, counter }: TakeOptions,
): Promise<void> {
  const entry = dataset.manifest.shards[number]!;
  // Opening it looks at its head and footer, and compares them with the manifest.
  await dataset.shard(number);
  const path = join(dataset.directory, entry.name);
  if ((!copy && (await linked(path, target))) || (await cloned(path, target))) {
    counter.add(entry);
    return;
  }
  await copyBytes(path, target, entry, counter);
}

async function linked(path: string, target: string): Promise<boolean> {
  try {
    // A link to a symbolic link would be that link again, which leads nowhere from another directory.
    await link(await realpath(path), target);
    return true;
  } catch {
    // What stands in the way here (another file system, another owner, one without links) does not stop a copy.
    return false;
  }
}

async function cloned(path: string, target: string): Promise<boolean> {
  try {
    await copyFile(path, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch {
    return false;
  }
  await using file = await open(target);
  await file.sync();
  return true;
}

async function copyBytes(
  path: string,
  target: string,
  { samples, sha256 }: ShardEntry,
  counter: ProgressCounter,
): Promise<void> {
  const sink = await directSink(target);
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      hash.update(chunk);
      await sink.write(chunk);
      counter.add({ samples: 0, bytes: chunk.length });
    }
    await sink.finish();
  } catch (error) {
    await sink.close();
    throw error;
  }
  counter.add({ samples, bytes: 0 });
  const found = hash.digest('hex');
  if (sha256 === null || found === sha256) return;
  throw new ZcError('ZC_FORMAT_CHECKSUM', 'the shard has not the SHA-256 that the manifest tells', {
    path,
    expected: sha256,
    actual: found,
  });
}
