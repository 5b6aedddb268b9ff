import { spawnSync } from 'node:child_process';
import type { DataSet } from './data.js';
import { whatEnvironmentLacks } from './environments.js';
import { pythonInterpreter, script } from './folders.js';
import type { Method } from './method.js';
import type { Contender } from './scenario.js';
import { whatForbidsDroppingPrivileges } from './unprivileged.js';

/** Names what a contender lacks here and how to get it, or nothing if it can run. */
export function whatIsMissing(
  { runtime, environment, unprivileged, needs = [], packages = [] }: Contender,
  { shards }: DataSet,
  method: Method,
): string | undefined {
  if (environment !== undefined && !method.environments) return 'is not part of a smoke run';
  const lacks = environment === undefined ? undefined : whatEnvironmentLacks(environment);
  if (lacks !== undefined) return lacks;
  const python = pythonInterpreter(environment);
  for (const need of needs) {
    if (runtime === 'python') {
      const probe = `import importlib.util as u, sys; sys.exit(0 if u.find_spec("${need}") else 1)`;
      if (spawnSync(python, ['-c', probe]).status !== 0) return `needs the Python package ${need}`;
    } else if (spawnSync(need, ['--version']).status !== 0) return `needs the program ${need}`;
  }
  const unloadable = packages.find((name) => !loads(name));
  if (unloadable) return `needs the npm package ${unloadable}, which is not there or does not load here`;
  return unprivileged ? whatForbidsDroppingPrivileges(shards) : undefined;
}

const loaded = new Map<string, boolean>();

/** Whether a package can be imported, tried once in a process of its own. */
function loads(name: string): boolean {
  if (!loaded.has(name)) {
    const probe = ['--input-type=module', '--eval', `await import(${JSON.stringify(name)})`];
    const { status } = spawnSync(process.execPath, probe, { cwd: script('.'), stdio: 'ignore' });
    loaded.set(name, status === 0);
  }
  return loaded.get(name)!;
}
