/**
 * Coverage-guided fuzzing (libFuzzer, with ASan and UBSan) of every native entry that takes a plan: read plans, rows
 * of a table, slot programs, the gather of the C ABI; and of the frames of zstd rows. Needs clang++ with its runtimes;
 * without it, or at a small scale, nothing is run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SECONDS_EACH = 300;
const SCALE_MIN = 0.1;
const TARGETS = ['read_plan', 'row_table', 'slot_program', 'gather', 'zstd_row'];
const native = fileURLToPath(new URL('../native', import.meta.url));

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
const clang = spawnSync('clang++', ['--version']).status === 0;
if (!clang) console.log('not run: there is no clang++');
else if (scale < SCALE_MIN) console.log(`not run: the scale is below ${SCALE_MIN}`);
else fuzz(Math.round(SECONDS_EACH * scale));

/** @param {number} seconds */
function fuzz(seconds) {
  execFileSync('make', ['-C', native, '-j2', 'fuzz'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const folder = mkdtempSync(join(tmpdir(), 'zc-fuzz-'));
  try {
    const runs = TARGETS.map((target) => {
      const { status, stderr } = spawnSync(
        join(native, `build/fuzz/${target}_fuzz`),
        [`-max_total_time=${seconds}`, '-max_len=2048', '-print_final_stats=1'],
        { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
      );
      if (status !== 0) throw new Error(`${target}:\n${stderr.slice(-8000)}`);
      return `${target} ${/number_of_executed_units: (\d+)/.exec(stderr)?.[1]}`;
    });
    console.log(`inputs in ${seconds} s each, none crashed: ${runs.join(', ')}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
