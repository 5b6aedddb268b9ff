import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/**
 * Waits until no other process holds the lock, and takes it; what a process has left behind that ended without
 * giving it back is taken over. It is given back at the end of the process at the latest.
 *
 * @param {string} path  The lock's file, in a folder that exists.
 * @param {() => void} [onWait]  Called once, where another process holds the lock.
 * @returns {Promise<() => void>} Gives it back.
 */
export async function takeLock(path, onWait) {
  for (let waits = false; ; ) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    if (isHeld(path)) {
      if (!waits) onWait?.();
      waits = true;
      await setTimeout(100);
    } else {
      rmSync(path, { force: true });
    }
  }
  const giveBack = () => {
    process.off('exit', giveBack);
    rmSync(path, { force: true });
  };
  process.on('exit', giveBack);
  return giveBack;
}

/** @param {string} lock */
function isHeld(lock) {
  try {
    const holder = readFileSync(lock, 'utf8');
    // Empty for the moment between its making and its writing.
    if (holder === '') return true;
    const [pid, start] = holder.split(' ');
    return startOf(Number(pid)) === start;
  } catch {
    // Given back in the meantime, or the process has ended.
    return false;
  }
}

/**
 * When a process began, in ticks since the system did: numbers of processes are used again, in containers soon.
 *
 * @param {number} pid
 * @returns {string | undefined} Nothing where it has ended and only its parent has not asked for its status.
 */
function startOf(pid) {
  const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold spaces, come the third field and those behind it.
  const [state, ...rest] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : rest[18];
}
