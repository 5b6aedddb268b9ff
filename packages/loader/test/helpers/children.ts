import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs a script of `test/children` in a process of its own, and gives what it printed. It must end by itself. */
export function runChild(name: string, args: readonly string[], env: Record<string, string> = {}): string {
  const tsx = ['--import', 'tsx', '--expose-gc', at(`../children/${name}.mts`), ...args];
  return execFileSync(process.execPath, tsx, {
    encoding: 'utf8',
    timeout: 30_000,
    cwd: at('../../../..'),
    env: { ...process.env, TSX_TSCONFIG_PATH: at('../../../../tsconfig.base.json'), ...env },
  });
}
