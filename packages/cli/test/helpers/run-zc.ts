import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program as it is installed; it runs what was built. */
export const zcPath = fileURLToPath(new URL('../../bin/zc.js', import.meta.url));

if (!existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))) {
  throw new Error('zc is not built: npm run build');
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Test runners ask their children for colours, or for none. */
export const { FORCE_COLOR: _, NO_COLOR: __, ...plainEnvironment } = process.env;

/** Runs `zc` to its end. */
export async function zc(...args: string[]): Promise<Ended> {
  return await ended(startZc(args));
}

/** Starts `zc`; `launcher` is a program that starts it in its place, `env` is added to its environment. */
export function startZc(
  args: readonly string[],
  launcher: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [program, ...rest] = [...launcher, process.execPath, zcPath, ...args];
  return spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...plainEnvironment, ...env } });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
