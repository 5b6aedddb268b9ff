import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends } from './helpers/backends.js';
import { runChild } from './helpers/child.js';
import { writePattern } from './helpers/pattern.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const path = join(temporaryFolder(), 'data');
beforeAll(() => {
  writePattern(path, 16 * 2 ** 20);
});

describe.each(backends)('with reads in flight on %s', (backend) => {
  test('process.exit() ends the process with its code, and in silence', async () => {
    expect(await runChild('exit-while-reading.ts', [path, backend])).toEqual({
      code: 7,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });

  test('an uncaught error ends the process as it would without us', async () => {
    const { code, signal, stderr } = await runChild('throw-while-reading.ts', [path, backend]);
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toContain('meant to happen');
    expect(stderr).not.toMatch(/fatal|assert|segmentation|native stack/i);
  });

  test.each(['terminate', 'exit'])('a worker that ends by %s leaves nothing behind', async (end) => {
    const { code, signal, stdout, stderr } = await runChild('worker-while-reading.ts', [
      path,
      backend,
      end,
      '5',
    ]);
    expect([code, signal, stderr]).toEqual([0, null, '']);
    expect(JSON.parse(stdout)).toEqual({ maps: 0, memfds: 0, rings: 0 });
  });
});

test('workers that are terminated in the middle of any native call leave nothing behind', async () => {
  expect(await runChild('worker-in-native-calls.ts', [path, '3'])).toEqual({
    code: 0,
    signal: null,
    stdout: `${JSON.stringify({ maps: 0, memfds: 0, rings: 0 })}\n`,
    stderr: '',
  });
});
