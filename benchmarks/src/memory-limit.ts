import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The two generations of control groups: where memory is limited, and in which file. */
const HIERARCHIES = [
  { version: 2, root: '/sys/fs/cgroup', needs: 'cgroup.controllers', limit: 'memory.max' },
  {
    version: 1,
    root: '/sys/fs/cgroup/memory',
    needs: 'memory.limit_in_bytes',
    limit: 'memory.limit_in_bytes',
  },
] as const;

/**
 * A control group that contenders are started in: what they allocate and what they bring into the page cache
 * together stays below a limit, which makes a small set one that does not fit. The kernel counts a page of a file
 * with whoever brought it into the cache, so it is for cold rounds, where each contender brings its own.
 *
 * One group a contender, removed by {@link MemoryLimit.remove} when its processes are gone.
 */
export class MemoryLimit {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws an Error that says what forbids it here */
  static create(name: string, bytes: number): MemoryLimit {
    const hierarchy = HIERARCHIES.find(({ root, needs }) => existsSync(join(root, needs)));
    if (!hierarchy) throw new Error('there is no control group for memory here');
    const { version, root, limit } = hierarchy;
    if (version === 2 && !readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').includes('memory')) {
      throw new Error(`${root}/cgroup.subtree_control does not hand out memory`);
    }
    const folder = join(root, `zc-bench-${process.pid}-${name}`);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, limit), String(bytes));
    } catch (error) {
      rmdirSync(folder);
      throw error;
    }
    return new MemoryLimit(folder);
  }

  /** What stands in front of a command so that it runs inside, with all that it starts. */
  wrap(command: readonly string[]): string[] {
    return [
      '/bin/sh',
      '-c',
      `echo $$ > ${join(this.#folder, 'cgroup.procs')} && exec "$@"`,
      'sh',
      ...command,
    ];
  }

  remove(): void {
    try {
      rmdirSync(this.#folder);
    } catch {
      // A process in it is still ending; an empty group costs nothing.
    }
  }
}

/** Why no limit can be set here, or nothing if one can. */
export function whatForbidsLimits(): string | undefined {
  try {
    MemoryLimit.create('probe', 2 ** 30).remove();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** "4G" is 4 GiB. */
export function parseBytes(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([MG])i?B?$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`"${text}" is no size; write 512M or 4G`);
  return Math.round(Number(number) * (unit === 'G' ? 2 ** 30 : 2 ** 20));
}
