import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { zc } from './helpers/run-zc.js';
import { imageFolder } from './helpers/sample-folder.js';

let dataset: string;
beforeAll(async () => {
  dataset = join(temporaryDirectory(), 'train');
  await zc('pack', imageFolder(), dataset);
});

const number = z.number().nonnegative();
const report = z.strictObject({
  path: z.string(),
  openMs: number,
  seconds: number,
  bytes: number,
  firstBatchMs: number,
  stats: z.looseObject({ batches: number, samples: number, waitedMs: number, stepMs: number }),
  diskBytesPerSecond: number.optional(),
  verdict: z.strictObject({ by: z.string(), share: number, text: z.string() }),
});

test('the figures of a dataset, and a verdict', async () => {
  const { code, stdout, stderr } = await zc('bench', dataset, '--batch-size', '2', '--seconds', '0.2');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/samples\/s, .*\/s for \d+\.\d s; the first batch came after \d+ ms$/);
  expect(stdout).toMatch(/^waiting for a batch +\d+ % +\d+\.\d\d ms$/m);
  expect(lines.at(-1)).toMatch(/hold(s)? you up|too little is read ahead/);
});

test('the time with the batch is the step, and --json has all figures', async () => {
  const { code, stdout } = await zc(
    ...[
      'bench',
      dataset,
      '--batch-size',
      '2',
      '--seconds',
      '0.3',
      '--step-ms',
      '30',
      '--no-shuffle',
      '--json',
    ],
  );
  const { stats, verdict } = report.parse(JSON.parse(stdout));
  expect(code).toBe(0);
  expect(stats.samples).toBeGreaterThan(stats.batches);
  // A step ends when the next batch is asked for: those of an epoch's last batches do not count.
  expect(stats.stepMs).toBeGreaterThanOrEqual(29);
  expect(verdict.text).not.toBe('');
});

test('cold, the disk is read, and measured alone afterwards', async () => {
  const { code, stdout } = await zc(
    'bench',
    dataset,
    '--cold',
    '--mode',
    'direct',
    '--seconds',
    '0',
    '--json',
  );
  expect(code).toBe(0);
  expect(report.parse(JSON.parse(stdout)).diskBytesPerSecond).toBeGreaterThan(0);
});

test('what cannot be: a field that is not there, a number that is none', async () => {
  expect(await zc('bench', dataset, '--fields', 'nothing')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no field "nothing"'),
  });
  expect((await zc('bench', dataset, '--batch-size', '0')).code).toBe(2);
});
