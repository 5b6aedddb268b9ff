import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ZcError } from '@zc/errors';
import { MANIFEST_NAME, type Manifest, type ShardEntry, serializeManifest } from '../manifest.js';
import type { Schema } from '../schema.js';
import { JOURNAL_NAME } from './journal.js';
import { isAlive, OWNER_NAME, type Owner, readOwner, thisProcess, writeOwner } from './owner.js';
import { hasErrno, systemError } from './system-error.js';

/**
 * A directory beside its target that is renamed to it when it is complete (specification, section 11).
 *
 * Until then nothing lies under the target's name, whatever happens to the process.
 */
export interface PartialDirectory {
  readonly path: string;
  /** Puts everything on the disk and gives the directory the target's name. */
  publish(): Promise<void>;
  /** Removes it with all that it holds; does nothing once it is published. */
  discard(): Promise<void>;
  /** Leaves it as it is for another writer to take over. */
  release(): Promise<void>;
  /** As `discard`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Publishes a dataset whose shards lie in a partial directory, on the disk, under the names of their entries.
 *
 * @throws ZC_IO_WRITE, ZC_IO_EXISTS, ZC_FORMAT_BUSY
 */
export async function publishManifest<S extends Schema>(
  partial: PartialDirectory,
  schema: S,
  shards: readonly ShardEntry[],
): Promise<Manifest<S>> {
  const sum = (key: 'samples' | 'bytes') => shards.reduce((total, shard) => total + shard[key], 0);
  const manifest: Manifest<S> = { schema, samples: sum('samples'), bytes: sum('bytes'), shards };
  const path = join(partial.path, MANIFEST_NAME);
  await writeFile(path, serializeManifest(manifest), { flush: true }).catch((cause) =>
    Promise.reject(systemError('ZC_IO_WRITE', 'writing the manifest', path, cause)),
  );
  await partial.publish();
  return manifest;
}

/**
 * Opens the partial directory of a target; what a process that died has left there is removed, or with `takeOver` kept.
 * With `grows` the target may hold anything, for it stays.
 *
 * @throws ZC_FORMAT_BUSY where another process works in it, ZC_IO_EXISTS where the target holds something
 * and is not to be replaced, ZC_IO_WRITE
 */
export async function openPartial(
  target: string,
  options: { overwrite: boolean; takeOver?: boolean; grows?: boolean },
): Promise<PartialDirectory> {
  const full = resolve(target);
  const path = join(dirname(full), `.${basename(full)}.zc-partial`);
  const self = await thisProcess();
  let isTaken = false;
  try {
    await makeDirectory(dirname(full));
    isTaken = options.takeOver === true && (await takeOver(path, self));
    if (!isTaken) await claim(path, self);
    await sweep(path);
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw systemError('ZC_IO_WRITE', 'making a directory', path, cause);
  }
  const discard = async () => {
    if (await isOwn(path, self)) await rm(path, { recursive: true, force: true });
  };
  const release = async () => {
    if (await isOwn(path, self)) await unlink(join(path, OWNER_NAME));
  };
  try {
    await settleReplaced(path, full);
    if (!options.grows) await demandFree(full, options.overwrite);
  } catch (error) {
    await (isTaken ? release() : discard());
    throw error;
  }
  return {
    path,
    publish: () => publish(path, full, self, options.overwrite),
    discard,
    release,
    [Symbol.asyncDispose]: discard,
  };
}

/** As `mkdir -p`. Node's own `recursive` never ends where a directory exists and refuses entries with ENOENT, as /proc does. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    if (await isDirectory(path)) return;
    if (!hasErrno(cause, 'ENOENT') || (await isDirectory(dirname(path)))) throw cause;
    await makeDirectory(dirname(path));
    await makeDirectory(path);
  }
}

/** Where a dataset that is being replaced lies until the new one has its name. */
function replacedPath(path: string): string {
  return `${path}-replaced`;
}

/** Ends a replacement during which a process died: the old dataset comes back where the new one did not arrive. */
async function settleReplaced(path: string, target: string): Promise<void> {
  const replaced = replacedPath(path);
  if (!(await exists(replaced))) return;
  if (await exists(target)) await rm(replaced, { recursive: true, force: true });
  else await rename(replaced, target);
}

/** Refuses a target that holds something; a dataset may be replaced where that was asked for. */
async function demandFree(target: string, overwrite: boolean): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(target);
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT')) return;
    throw hasErrno(cause, 'ENOTDIR')
      ? new ZcError('ZC_IO_EXISTS', 'there is a file where the dataset is to be', { path: target, cause })
      : systemError('ZC_IO_OPEN', 'looking at the target', target, cause);
  }
  if (entries.length === 0) return;
  if (overwrite && entries.includes(MANIFEST_NAME)) {
    const foreign = entries.find((name) => !isOfDataset(name));
    if (foreign === undefined) return;
    throw new ZcError('ZC_IO_EXISTS', `the target holds "${foreign}" besides a dataset: it is not replaced`, {
      path: target,
      advice:
        'What is replaced is removed with all that it holds: move the rest away, or name another output.',
    });
  }
  throw overwrite
    ? new ZcError('ZC_IO_EXISTS', 'the target holds files and is no dataset: it is not replaced', {
        path: target,
      })
    : new ZcError('ZC_IO_EXISTS', 'the target holds files already', {
        path: target,
        advice: 'Remove it, write to another directory, or ask for it to be replaced (`overwrite`).',
      });
}

/** Whether writers of datasets make files of such a name, or it is hidden; the input itself may lie beside them. */
function isOfDataset(name: string): boolean {
  const own = [MANIFEST_NAME, OWNER_NAME, JOURNAL_NAME];
  return name.startsWith('.') || name.endsWith('.zcs') || own.includes(name);
}

/** Makes the directory this process's own. It appears with its owner in it, never without. */
async function claim(path: string, self: Owner): Promise<void> {
  const staged = stagedPath(path, self);
  await mkdir(staged);
  try {
    await writeOwner(staged, self);
    for (;;) {
      try {
        return await rename(staged, path);
      } catch (cause) {
        if (!hasErrno(cause, 'ENOTEMPTY', 'EEXIST')) throw cause;
      }
      await removeAbandoned(path, `${staged}-abandoned`);
    }
  } catch (cause) {
    await rm(staged, { recursive: true, force: true });
    throw cause;
  }
}

async function removeAbandoned(path: string, aside: string): Promise<void> {
  if (await moveAbandoned(path, aside)) await rm(aside, { recursive: true, force: true });
}

/** Makes what a process that died has left this process's own, with all that lies in it; false where nothing is. */
async function takeOver(path: string, self: Owner): Promise<boolean> {
  const aside = stagedPath(path, self);
  if (!(await moveAbandoned(path, aside))) return false;
  await writeOwner(aside, self);
  try {
    await rename(aside, path);
  } catch (cause) {
    // Another process has begun anew meanwhile, which removes what was left.
    await rm(aside, { recursive: true, force: true });
    if (!hasErrno(cause, 'ENOTEMPTY', 'EEXIST')) throw cause;
    return false;
  }
  return true;
}

/** Moves a directory that nobody works in any more out of the way; false where there is none. */
async function moveAbandoned(path: string, aside: string): Promise<boolean> {
  const owner = await readOwner(path);
  if (owner && (await isAlive(owner))) throw busy(path, owner);
  // Two processes may find it abandoned at once: only one of them can move it away.
  try {
    await rename(path, aside);
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT')) return false;
    throw cause;
  }
  // Since the look at its owner it may have become another process's.
  const moved = await readOwner(aside);
  if (moved && (await isAlive(moved))) {
    await rename(aside, path);
    throw busy(path, moved);
  }
  return true;
}

/** A name beside a partial directory that tells whose it is, so that it is swept away when its process has died. */
function stagedPath(path: string, { pid, startTime }: Owner): string {
  return `${path}-${pid}-${startTime ?? 0}-${randomUUID()}`;
}

/** Removes what processes left that died while they were claiming: these names tell whose they are. */
async function sweep(path: string): Promise<void> {
  const prefix = `${basename(path)}-`;
  for (const name of await readdir(dirname(path))) {
    const [, pid, start] = (name.startsWith(prefix) && /^(\d+)-(\d+)-/.exec(name.slice(prefix.length))) || [];
    if (pid === undefined || start === undefined) continue;
    const owner = { pid: Number(pid), startTime: start === '0' ? null : start };
    if (!(await isAlive(owner))) await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}

async function isOwn(path: string, self: Owner): Promise<boolean> {
  const owner = await readOwner(path);
  return owner?.pid === self.pid && owner.startTime === self.startTime;
}

function busy(path: string, owner: Owner): ZcError {
  return new ZcError('ZC_FORMAT_BUSY', `process ${owner.pid} is writing here`, { path, actual: owner.pid });
}

async function publish(path: string, target: string, self: Owner, overwrite: boolean): Promise<void> {
  try {
    if (!(await isOwn(path, self))) {
      throw new ZcError('ZC_FORMAT_BUSY', "the partial directory is no longer this writer's", { path });
    }
    await flushDirectory(path);
    await demandFree(target, overwrite);
    await exchange(path, target, overwrite);
    // Until it has its name the directory must have an owner, or another writer would take it for abandoned.
    await unlink(join(target, OWNER_NAME));
    await rm(join(target, JOURNAL_NAME), { force: true });
    await flushDirectory(target);
    await flushDirectory(dirname(target));
    await rm(replacedPath(path), { recursive: true, force: true });
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    if (hasErrno(cause, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) {
      throw new ZcError('ZC_IO_EXISTS', 'the target has been filled meanwhile', { path: target, cause });
    }
    throw systemError('ZC_IO_WRITE', 'publishing the dataset', target, cause);
  }
}

/** Gives the directory the target's name; what lay there waits aside, and comes back where that fails. */
async function exchange(path: string, target: string, overwrite: boolean): Promise<void> {
  const isReplaced = overwrite && (await exists(target));
  if (isReplaced) await rename(target, replacedPath(path));
  try {
    await rename(path, target);
  } catch (cause) {
    if (isReplaced) await rename(replacedPath(path), target);
    throw cause;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Puts a directory's entries on the disk, as fsync(2) does. */
export async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
