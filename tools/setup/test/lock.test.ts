import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeLock } from '../../build/lock.mjs';

let folder: string;
let lock: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zc-lock-'));
  lock = join(folder, 'lock');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that holds the lock until it is ended. */
async function holder() {
  const module = new URL('../../build/lock.mjs', import.meta.url).href;
  const code = `const { takeLock } = await import('${module}'); await takeLock('${lock}'); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
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

test.each([`${process.pid} 1`, ''])(
  'what an ended process has left behind does not hold: "%s"',
  async (left) => {
    writeFileSync(lock, left);
    const onWait = vi.fn();
    (await takeLock(lock, onWait))();
    expect(onWait).not.toHaveBeenCalled();
  },
);

test('of many that find the lock of an ended process, one has it at a time', async () => {
  writeFileSync(lock, '1 1');
  const module = new URL('../../build/lock.mjs', import.meta.url).href;
  const busy = join(folder, 'busy');
  const code = `
    import { rmSync, writeFileSync } from 'node:fs';
    const { takeLock } = await import('${module}');
    const giveBack = await takeLock('${lock}');
    writeFileSync('${busy}', '', { flag: 'wx' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    rmSync('${busy}');
    giveBack();`;
  const ends = Array.from({ length: 6 }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(child);
    return (await once(child, 'exit'))[0];
  });
  expect(await Promise.all(ends)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(readdirSync(folder)).toEqual([]);
});
