import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { collectUntil } from '../../../tools/testing/garbage.js';
import { sendDescriptors, watchDescriptor, watchProcess } from '../src/index.js';
import { thrown } from './helpers/caught.js';
import { runChild } from './helpers/child.js';
import { descriptorsOf } from './helpers/process-resources.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const folder = temporaryFolder();
const receive = fileURLToPath(new URL('helpers/receive-descriptors.py', import.meta.url));

/** The descriptor of our end of a socket that a child has as its descriptor 3. */
function socketTo(child: ChildProcess): number {
  const socket = child.stdio[3] as unknown as { _handle: { fd: number } };
  return socket._handle.fd;
}

describe('sendDescriptors', () => {
  test.each([0, 1, 3])('sends bytes and %d descriptors', async (count) => {
    const files = Array.from({ length: count }, (_, i) => {
      const path = join(folder, `sent-${i}`);
      writeFileSync(path, `contents ${i}`);
      return openSync(path, 'r');
    });
    const child = spawn('python3', [receive], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    sendDescriptors(socketTo(child), Buffer.from('hello'), files);
    for (const file of files) closeSync(file);
    expect(JSON.parse(await text(child.stdout!))).toEqual({
      payload: 'hello',
      contents: files.map((_, i) => `contents ${i}`),
    });
  });

  test('refuses what cannot be sent', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    const socket = socketTo(child);
    thrown('ZC_ARGUMENT', () => sendDescriptors(socket, new Uint8Array(0), []));
    thrown('ZC_ARGUMENT', () => sendDescriptors(socket, Buffer.from('x'), new Array(254).fill(0)));
    expect(
      thrown('ZC_IO_WRITE', () => sendDescriptors(socket, Buffer.from('x'), [99_999])).details,
    ).toMatchObject({
      errno: 9,
    });
    child.stdin!.end();
    await once(child, 'close');
  });

  test('needs a socket', () => {
    const file = openSync('/dev/null', 'r+');
    expect(thrown('ZC_IO_WRITE', () => sendDescriptors(file, Buffer.from('x'), [])).details).toMatchObject({
      errno: 88,
    });
    closeSync(file);
  });
});

describe('watchDescriptor', () => {
  /** A FIFO, which lets one process hold both ends without libuv knowing of them. */
  function openFifo(name: string): number {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  test('calls back while there is something to read, until it is closed', async () => {
    const fifo = openFifo('fifo');
    let calls = 0;
    const watch = watchDescriptor(fifo, () => calls++);
    await setTimeout(10);
    expect(calls).toBe(0);
    writeSync(fifo, 'x');
    while (calls < 3) await setImmediate();
    expect(readSync(fifo, new Uint8Array(10))).toBe(1);
    await setImmediate();
    const before = calls;
    await setTimeout(10);
    expect(calls).toBe(before);
    watch.close();
    watch.close();
    writeSync(fifo, 'x');
    await setTimeout(10);
    expect(calls).toBe(before);
    closeSync(fifo);
  });

  test('can be closed by what it calls, and does not keep a callback alive afterwards', async () => {
    const fifo = openFifo('fifo-2');
    writeSync(fifo, 'x');
    let calls = 0;
    const callback = (() => {
      const watch = watchDescriptor(fifo, () => {
        calls++;
        watch.close();
      });
      return new WeakRef(watch);
    })();
    while (calls === 0) await setImmediate();
    expect(await collectUntil(() => callback.deref() === undefined)).toBe(true);
    expect(calls).toBe(1);
    closeSync(fifo);
  });

  test('drains an eventfd; errors of the callback are uncaught ones; workers may end with watches', async () => {
    const inherit = fileURLToPath(new URL('helpers/with-eventfd.py', import.meta.url));
    const { code, stdout, stderr } = await runChild('watch-eventfd.ts', [], { before: ['python3', inherit] });
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      calls: 2,
      left: 'EAGAIN',
      uncaught: 'meant to happen',
      workerCode: 1,
    });
  });

  test('cannot watch a regular file, or what is not open', () => {
    const path = join(folder, 'regular');
    writeFileSync(path, '');
    const file = openSync(path, 'r');
    thrown('ZC_ARGUMENT', () => watchDescriptor(file, () => {}));
    closeSync(file);
    thrown('ZC_ARGUMENT', () => watchDescriptor(99_999, () => {}));
  });
});

describe('watchProcess', () => {
  test('calls back once when the process has ended, and closes its descriptor', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
    let calls = 0;
    watchProcess(child.pid!, () => calls++);
    await setTimeout(10);
    expect([calls, descriptorsOf(/pidfd/)]).toEqual([0, 1]);
    child.stdin!.end();
    await once(child, 'exit');
    while (calls === 0) await setImmediate();
    await setTimeout(10);
    expect([calls, descriptorsOf(/pidfd/)]).toEqual([1, 0]);
  });

  test('says nothing any more once it is closed', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
    let calls = 0;
    watchProcess(child.pid!, () => calls++).close();
    child.stdin!.end();
    await once(child, 'exit');
    await setTimeout(10);
    expect([calls, descriptorsOf(/pidfd/)]).toEqual([0, 0]);
  });

  test('needs a process', () => {
    expect(thrown('ZC_ARGUMENT', () => watchProcess(2 ** 22 + 1, () => {})).details).toMatchObject({
      errno: 3,
    });
    thrown('ZC_ARGUMENT', () => watchProcess(-1, () => {}));
  });
});
