import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';

const example = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(example));
const data = process.env.ZC_SHARED_DATA ?? join(root, '..', 'shared', 'data');
const recordings = join(data, 'fsdd', 'recordings');
const python = findPython();
const run = promisify(execFile);

const missingData = existsSync(recordings) ? '' : `no recordings at ${recordings} (ZC_SHARED_DATA)`;
const missingTorch =
  spawnSync(python, ['-c', 'import torch, rfc8785']).status === 0 ? '' : `no torch for ${python}`;
for (const reason of [missingData, missingTorch])
  if (reason) console.warn(`spoken digits: not run, ${reason}`);

let folder: string;
beforeAll(async () => {
  folder = temporaryDirectory();
  if (missingData) return;
  await zc('pack', recordings, join(folder, 'train'), '--exclude', '*_[0-4].wav');
  await zc('pack', recordings, join(folder, 'test'), '--include', '*_[0-4].wav');
});

test.skipIf(missingData)('the usual split, every byte as it was written', async () => {
  for (const [name, samples] of [
    ['train', 2700],
    ['test', 300],
  ] as const) {
    const report = z.object({ ok: z.literal(true), shards: z.array(z.object({ samples: z.int() })) });
    const { shards } = report.parse(JSON.parse(await zc('verify', join(folder, name), '--json')));
    expect(shards.reduce((sum, shard) => sum + shard.samples, 0)).toBe(samples);
  }
});

test.skipIf(missingData)('a recording comes out as it went in', async () => {
  const sample = z.object({
    audio: z.object({ data: z.array(z.int()) }),
    label: z.string(),
    name: z.string(),
  });
  const { audio, label, name } = sample.parse(
    JSON.parse(await zc('cat', join(folder, 'test'), '123', '--json')),
  );
  expect(name.startsWith(`${label}_`)).toBe(true);
  // These files have the canonical head of 44 bytes.
  const bytes = readFileSync(join(recordings, name)).subarray(44);
  const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  expect(audio.data).toEqual([...samples]);
});

test.skipIf(missingData)('an epoch in Node has every sample once', async () => {
  const { stdout } = await run(process.execPath, [join(example, 'count.mjs'), join(folder, 'train')]);
  expect(JSON.parse(stdout)).toMatchObject({
    samples: 2700,
    once: 2700,
    batches: 43,
    classes: Object.fromEntries(Array.from({ length: 10 }, (_, digit) => [digit, 270])),
  });
});

test.skipIf(missingData || missingTorch)(
  'PyTorch learns the digits through the bridge, and no sample crosses the socket',
  async () => {
    const paths = [join(folder, 'train'), join(folder, 'test')];
    const { stdout } = await run(python, [join(example, 'train.py'), ...paths, '--json'], {
      env: { ...process.env, PYTHONPATH: join(root, 'packages', 'torch', 'python', 'src') },
    });
    const report = z.object({
      accuracy: z.number(),
      total: z.literal(300),
      socket_bytes_per_batch: z.number(),
      sample_bytes_per_batch: z.number(),
    });
    const found = report.parse(JSON.parse(stdout));
    console.log(`spoken digits: ${stdout.trim()}`);
    expect(found.accuracy).toBeGreaterThanOrEqual(0.9);
    expect(found.sample_bytes_per_batch).toBeGreaterThan(400_000);
    expect(found.socket_bytes_per_batch).toBeLessThan(1000);
  },
  600_000,
);

async function zc(...args: string[]): Promise<string> {
  const program = join(root, 'packages', 'cli', 'bin', 'zc.js');
  const { stdout } = await run(process.execPath, [program, ...args], { maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

/** The interpreter that set-up chose, which has NumPy and PyTorch. */
function findPython(): string {
  const chosen = join(root, '.cache', 'python');
  return existsSync(chosen) ? readFileSync(chosen, 'utf8').trim() : 'python3';
}
