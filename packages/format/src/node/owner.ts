import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file in a partial directory that tells which process works in it. */
export const OWNER_NAME = 'owner.json';

/** A process; its start tells it from a later one with the same number. */
export interface Owner {
  readonly pid: number;
  /** Clock ticks since boot; `null` where the system does not tell. */
  readonly startTime: string | null;
}

export async function thisProcess(): Promise<Owner> {
  return { pid: process.pid, startTime: await startTimeOf(process.pid) };
}

export async function writeOwner(directory: string, owner: Owner): Promise<void> {
  await writeFile(join(directory, OWNER_NAME), JSON.stringify(owner));
}

/** The owner that a directory names; `undefined` where it names none, as after a copy that was cut short. */
export async function readOwner(directory: string): Promise<Owner | undefined> {
  try {
    const { pid, startTime } = JSON.parse(await readFile(join(directory, OWNER_NAME), 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? { pid, startTime: startTime ?? null } : undefined;
  } catch {
    return undefined;
  }
}

export async function isAlive({ pid, startTime }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startTime === null || startTime === (await startTimeOf(pid));
}

/** Field 22 of proc_pid_stat(5). */
async function startTimeOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field, a name in parentheses, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
