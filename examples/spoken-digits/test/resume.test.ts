import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';

const example = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(example));
const data = process.env.ZC_SHARED_DATA ?? join(root, '..', 'shared', 'data');
const recordings = join(data, 'fsdd', 'recordings');
const missingData = !existsSync(recordings);
if (missingData) console.warn(`resuming: not run, no recordings at ${recordings} (ZC_SHARED_DATA)`);

test.skipIf(missingData)(
  'a job of 2 ranks goes on with 3, then with 1: each recording comes once',
  async () => {
    const run = promisify(execFile);
    const packed = join(temporaryDirectory(), 'digits');
    await run(process.execPath, [join(root, 'packages', 'cli', 'bin', 'zc.js'), 'pack', recordings, packed]);
    const { stdout } = await run(process.execPath, [join(example, 'resume.mjs'), packed]);
    console.log(`resuming: ${stdout.trim()}`);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ recordings: 3000, once: 3000, seen: 3000 });
    expect(report.jobs).toMatchObject([
      { ranks: 2, perRank: 496, epoch: 0 },
      { ranks: 3, perRank: 180, epoch: 0 },
      { ranks: 1, perRank: 1468, epoch: 1 },
    ]);
    expect(report.stateBytes).toBeLessThan(1024);
  },
);
