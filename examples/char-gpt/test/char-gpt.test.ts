import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';

const example = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(example));
const data = process.env.ZC_SHARED_DATA ?? join(root, '..', 'shared', 'data');
const python = findPython();
const run = promisify(execFile);

const missingTorch =
  spawnSync(python, ['-c', 'import torch, rfc8785']).status === 0 ? '' : `no torch for ${python}`;
if (missingTorch) console.warn(`char-gpt: not run, ${missingTorch}`);

test.skipIf(missingTorch)(
  'a text is packed, and forty steps on its windows teach a model more than how often letters come',
  async () => {
    const folder = temporaryDirectory();
    await runPython('prepare.py', textIn(folder), folder);
    const sets = [join(folder, 'train'), join(folder, 'validation')];
    const stdout = await runPython('train.py', ...sets, '--steps', '40', '--json');
    const report = z.object({ steps: z.literal(40), loss: z.number(), validation_loss: z.number() });
    const found = report.parse(JSON.parse(stdout));
    console.log(`char-gpt: ${stdout.trim()}`);
    // A guess by the letters' shares alone costs 3.3 on the plays, one among all 65 letters 4.17.
    expect(found.loss).toBeLessThan(3.1);
    expect(found.validation_loss).toBeLessThan(3.1);
  },
  600_000,
);

/** The plays where they are to be had, else sums, which are learned as fast. */
function textIn(folder: string): string {
  const plays = join(data, 'tinyshakespeare.txt');
  if (existsSync(plays)) return plays;
  const path = join(folder, 'sums.txt');
  writeFileSync(path, Array.from({ length: 20_000 }, (_, i) => `${i} and ${i} are ${2 * i}.\n\n`).join(''));
  return path;
}

async function runPython(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(python, [join(example, script), ...args], {
    env: { ...process.env, PYTHONPATH: join(root, 'packages', 'torch', 'python', 'src') },
  });
  return stdout;
}

/** The interpreter that set-up chose, which has NumPy and PyTorch. */
function findPython(): string {
  const chosen = join(root, '.cache', 'python');
  return existsSync(chosen) ? readFileSync(chosen, 'utf8').trim() : 'python3';
}
