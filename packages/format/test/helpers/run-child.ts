import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** Starts a TypeScript file of this package in a process of its own, with `limits` set by the shell. */
export function startChild(file: string, args: readonly string[], limits = ''): ChildProcess {
  const command = `${limits} exec "$0" --import tsx "$@"`;
  return spawn('sh', ['-c', command, process.execPath, fileURLToPath(new URL(file, root)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('tsconfig.json', root)) },
  });
}

/** Runs one to its end and gives what it printed, read as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: what is printed is the child's affair.
export async function runChild(file: string, args: readonly string[], limits?: string): Promise<any> {
  const child = startChild(file, args, limits);
  let out = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => (out += text));
  const code = await new Promise((settle) => child.on('close', settle));
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${out}`);
  return JSON.parse(out);
}

/** Waits until a child prints its first line. */
export function firstWords(child: ChildProcess): Promise<string> {
  return new Promise((settle, fail) => {
    child.stdout!.once('data', (text) => settle(String(text)));
    child.once('close', (code) => fail(new Error(`it ended with ${code}`)));
  });
}
