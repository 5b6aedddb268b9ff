import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs `test/children/<script>` on the sources, as a program of its own.
 *
 * @param before a program, with its arguments, that starts Node in its turn
 */
export function runChild(
  script: string,
  args: readonly string[] = [],
  { env = {}, before = [] }: { env?: Record<string, string>; before?: readonly string[] } = {},
): Promise<ChildResult> {
  const command = [
    ...before,
    process.execPath,
    ...['--expose-gc', '--import', 'tsx', `test/children/${script}`],
    ...args,
  ];
  const child = spawn(command[0]!, command.slice(1), {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}
