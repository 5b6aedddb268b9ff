import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeLock } from '../../build/lock.mjs';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zc-lock-'));
  lock = join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A process that holds the lock until it is ended. */
async function holder() {
  const module = new URL('../../build/lock.mjs', import.meta.url).href;
  const code = `const { takeLock } = await import('${module}'); await takeLock('${lock}'); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a lock is free again once it is given back', async () => {
  const giveBack = await takeLock(lock);
  expect(existsSync(lock)).toBe(true);
  giveBack();
  expect(existsSync(lock)).toBe(false);
});

test('who waits is told so once, and goes on when the holder is killed', async () => {
  const other = await holder();
  const onWait = vi.fn();
  let taken = false;
  const taking = takeLock(lock, onWait).then((giveBack) => {
    taken = true;
    return giveBack;
  });
  await setTimeout(300);
  expect(taken).toBe(false);
  other.kill('SIGKILL');
  (await taking)();
  expect(onWait).toHaveBeenCalledOnce();
});

test('a lock whose process number is in use again does not hold', async () => {
  writeFileSync(lock, `${process.pid} 1`);
  const onWait = vi.fn();
  (await takeLock(lock, onWait))();
  expect(onWait).not.toHaveBeenCalled();
});
