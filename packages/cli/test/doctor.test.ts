import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { ended, startZc, zc } from './helpers/run-zc.js';

const report = z.strictObject({
  path: z.string(),
  findings: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(['ok', 'warn', 'fail']),
      found: z.string().min(1),
      advice: z.string().min(1).optional(),
    }),
  ),
});

async function examine(args: string[], launcher: string[] = []) {
  const { code, stdout, stderr } = await ended(startZc(['doctor', ...args, '--json'], launcher));
  expect(stderr).toBe('');
  const { findings } = report.parse(JSON.parse(stdout));
  return { code, findings: new Map(findings.map((finding) => [finding.name, finding])) };
}

test('every thing is looked at, and what is not well has an advice', async () => {
  const directory = temporaryDirectory();
  const { code, findings } = await examine([directory]);
  expect(code).toBe(0);
  expect([...findings.keys()]).toEqual([
    'node',
    'addon',
    'kernel',
    'io_uring',
    'memlock',
    'filesystem',
    'O_DIRECT',
  ]);
  for (const { status, advice } of findings.values()) expect(advice === undefined).toBe(status === 'ok');
  // The file that direct I/O was tried on is gone.
  expect(readdirSync(directory)).toEqual([]);
});

test('a refused io_uring is told with the reason, and the threads that take over', async () => {
  const refuse = fileURLToPath(new URL('../../io/test/helpers/refuse.py', import.meta.url));
  const { code, findings } = await examine(
    [],
    ['python3', refuse, 'io_uring_setup', String(constants.errno.EPERM)],
  );
  expect(code).toBe(0);
  expect(findings.get('io_uring')).toMatchObject({
    status: 'warn',
    found: expect.stringMatching(/seccomp.*EPERM.*threads/),
    advice: expect.stringContaining('seccomp profile'),
  });
});

test('for people: one line a finding, the advice below', async () => {
  const { code, stdout, stderr } = await zc('doctor');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ok {4}kernel {6}Linux /m);
});

test('a path that is not there is a failure', async () => {
  const { code, findings } = await examine([join(temporaryDirectory(), 'gone')]);
  expect(code).toBe(1);
  expect(findings.get('path')).toMatchObject({ status: 'fail' });
});

test('a missing addon is a failure with what to do', async () => {
  const { code, findings } = await examine([], ['env', 'ZC_IO_ADDON=/nowhere.node']);
  expect(code).toBe(1);
  expect(findings.get('addon')).toMatchObject({ status: 'fail', advice: expect.stringMatching(/\w/) });
});
