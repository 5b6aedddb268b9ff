import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What a contender's process and all that descend from it have used. */
export interface TreeUsage {
  readonly cpuSeconds: number;
  readonly pssBytes: number;
  /** Minor and major ones, those of children that ended included. */
  readonly pageFaults: number;
  /** How often a thread left its core, for it had to wait or its time was up; of threads that still run. */
  readonly contextSwitches: number;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * CPU time (user and system, io workers and reaped children included), proportional set size, page faults and
 * context switches of a process and its descendants, from `/proc`. A process that ends while it is being looked at
 * counts with its parent's reaped children.
 */
export function treeUsage(root: number): TreeUsage {
  let [ticks, pssBytes, pageFaults, contextSwitches] = [0, 0, 0, 0];
  for (const pid of descendants(root)) {
    try {
      const fields = statFields(pid);
      // utime, stime, and those of children that were waited for: fields 14 to 17 of proc(5).
      ticks += fields[11]! + fields[12]! + fields[13]! + fields[14]!;
      // minflt, cminflt, majflt, cmajflt: fields 10 to 13.
      pageFaults += fields[7]! + fields[8]! + fields[9]! + fields[10]!;
      contextSwitches += switchesOf(pid);
      const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      pssBytes += Number(pss?.[1] ?? 0) * 1024;
    } catch {
      // It ended in between.
    }
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, pssBytes, pageFaults, contextSwitches };
}

/** Seconds of CPU that the whole machine has spent on anything since it started. */
export function machineCpuSeconds(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number];
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

function switchesOf(pid: number): number {
  let switches = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    } catch {
      // This thread ended in between; the process and its other threads still count.
      continue;
    }
    for (const [, count] of status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm)) {
      switches += Number(count);
    }
  }
  return switches;
}

/** A process and all that descend from it, by their numbers. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = statFields(pid)[1]!;
      const siblings = children.get(parent);
      if (siblings) siblings.push(pid);
      else children.set(parent, [pid]);
    } catch {
      // It ended in between.
    }
  }
  const found = [root];
  for (let i = 0; i < found.length; i += 1) found.push(...(children.get(found[i]!) ?? []));
  return found;
}

/** The numbers of `/proc/<pid>/stat` behind the command's name, from field 3 (the state, NaN) on. */
function statFields(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}
