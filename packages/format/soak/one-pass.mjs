/** 4 GiB go through one writer, and the process never has 200 MB. `--scale 0.01` writes a hundredth. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PEAK_BYTES_MAX = 200e6;

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const megabytes = Math.max(64, Math.round(4096 * Number(values.scale)));
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

try {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', path('../test/helpers/write-many.ts'), join(folder, 'large.zcs'), String(megabytes)],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TSX_TSCONFIG_PATH: path('../tsconfig.json') },
    },
  );
  const { bytes, seconds, peakBytes, error } = JSON.parse(stdout);
  if (status !== 0 || error) throw new Error(JSON.stringify(error));
  const rate = Math.round(bytes / seconds / 1e6);
  console.log(
    `${(bytes / 2 ** 30).toFixed(2)} GiB in ${seconds.toFixed(1)} s (${rate} MB/s, half of it spilled), ` +
      `at most ${Math.round(peakBytes / 1e6)} MB of memory`,
  );
  if (peakBytes > PEAK_BYTES_MAX) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
