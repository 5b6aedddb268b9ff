import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { built } from './folders.js';

/** nobody and nogroup, on every distribution. */
const NOBODY = '65534';
const MEMLOCK_BYTES = 8 * 2 ** 20;

/** What stands in front of a command so that it runs without privileges; for one who has none, the limit alone. */
export function withoutPrivileges(): string[] {
  const limited = ['prlimit', `--memlock=${MEMLOCK_BYTES}`];
  if (process.getuid?.() !== 0) return limited;
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...limited];
}

/** Why a command without privileges could not read the shards or our code, or nothing if it could. */
export function whatForbidsDroppingPrivileges(shards: string): string | undefined {
  for (const path of [join(shards, 'dataset.json'), built('src/harness.js')]) {
    const [command, ...args] = withoutPrivileges();
    const { status, error } = spawnSync(command!, [...args, 'test', '-r', path]);
    if (error) return `needs ${command} (util-linux)`;
    if (status !== 0) return `another user may not read ${path}; ZC_BENCH_DATA says where sets lie`;
  }
  return undefined;
}
