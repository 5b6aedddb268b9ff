import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * Waits until no other process holds the lock, and takes it; what a process has left behind that ended without
 * giving it back is taken over. It is given back at the end of the process at the latest.
 *
 * @param {string} path  The lock's file, in a folder that exists.
 * @param {(pid: string) => void} [onWait]  Called once, where another process holds the lock.
 * @returns {Promise<() => void>} Gives it back.
 */
export async function takeLock(path, onWait) {
  const own = `${path}.${process.pid}`;
  const name = `${process.pid} ${startOf(process.pid)}`;
  // A link appears with its content or not at all.
  writeFileSync(own, name);
  try {
    for (let waits = false; !isLinked(own, path); ) {
      const holder = contentOf(path);
      if (holder === undefined) continue;
      if (!isRunning(holder)) {
        takeAway(path, holder);
      } else {
        if (!waits) onWait?.(holder.split(' ')[0] ?? '');
        waits = true;
        await setTimeout(100);
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
  const giveBack = () => {
    process.off('exit', giveBack);
    if (contentOf(path) === name) rmSync(path, { force: true });
  };
  process.on('exit', giveBack);
  return giveBack;
}

/**
 * @param {string} own
 * @param {string} path
 */
function isLinked(own, path) {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Removes the lock of a process that has ended, unless another one has done that and has the lock now.
 *
 * @param {string} path
 * @param {string} holder
 */
function takeAway(path, holder) {
  const taken = `${path}.${process.pid}.ended`;
  try {
    renameSync(path, taken);
  } catch {
    return;
  }
  if (contentOf(taken) !== holder) isLinked(taken, path);
  rmSync(taken, { force: true });
}

/**
 * Nothing where there is no lock.
 *
 * @param {string} path
 */
function contentOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} holder */
function isRunning(holder) {
  const [pid, start] = holder.split(' ');
  return start !== undefined && startOf(Number(pid)) === start;
}

/**
 * When a process began, in ticks since the system did: numbers of processes are used again, in containers soon.
 *
 * @param {number} pid
 * @returns {string | undefined} Nothing where it has ended, even if its parent has not asked for its status yet.
 */
function startOf(pid) {
  const status = contentOf(`/proc/${pid}/stat`);
  // After the name, which may hold spaces, come the third field and those behind it.
  const [state, ...rest] = status?.slice(status.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' ? undefined : rest[18];
}
