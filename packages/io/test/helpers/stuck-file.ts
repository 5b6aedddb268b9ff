import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const server = fileURLToPath(new URL('stuck-file.py', import.meta.url));

/** A file of 1 MiB of zeros; reads of its second half do not end before `letGo`. */
export interface StuckFile extends AsyncDisposable {
  readonly path: string;
  /** Settles when a read is being kept waiting. */
  readonly asked: Promise<void>;
  /** Ends the file system: reads that wait fail. */
  letGo(): Promise<void>;
}

/** Nothing where a FUSE file system cannot be mounted; needs root and /dev/fuse. */
export async function stuckFile(): Promise<StuckFile | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'zc-stuck-'));
  const child = spawn('python3', [server, folder], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  const said = (word: string) =>
    new Promise<boolean>((resolve) => {
      lines.on('line', (line) => line === word && resolve(true));
      child.once('close', () => resolve(false));
    });
  const asked = said('asked').then(() => {});
  const letGo = () => end(child);
  const dispose = async () => {
    await letGo();
    rmdirSync(folder);
  };
  if (!(await said('mounted'))) {
    await dispose();
    return undefined;
  }
  return { path: join(folder, 'data'), asked, letGo, [Symbol.asyncDispose]: dispose };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.stdin!.end();
  await ended;
}
