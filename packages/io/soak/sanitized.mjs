/**
 * The tests of this package once more, with ASan and UBSan in the process of Node: what the addon does with leases,
 * worker threads, failing disks and the end of a process. At a small scale nothing is run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SCALE_MIN = 0.1;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const native = fileURLToPath(new URL('../native', import.meta.url));
/**
 * Tests that cannot hold here: one looks at the path of the addon that ships; in the other one no descriptor is left,
 * and UBSan, which asks by a pipe whether memory can be read, then takes every object for a broken one.
 */
const TESTS_MIN = 500;
const LEFT_OUT = ['what is loaded here is the file that ships', 'with no descriptor left'];

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
if (Number(values.scale) < SCALE_MIN) console.log(`not run: the scale is below ${SCALE_MIN}`);
else test();

function test() {
  execFileSync('node', [join(native, 'build.mjs'), '--kind', 'asan'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const folder = mkdtempSync(join(tmpdir(), 'zc-sanitized-'));
  try {
    const { error, status, stdout, stderr } = spawnSync(
      'npx',
      ['vitest', 'run', '--project', 'io', '--testNamePattern', `^(?!.*(${LEFT_OUT.join('|')}))`],
      { cwd: root, env: { ...process.env, ...sanitizers(folder) }, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    if (error) throw error;
    const passed = Number(/(\d+) passed.*\n.*Start at/.exec(stdout)?.[1] ?? 0);
    if (status !== 0 || reports.length > 0 || passed < TESTS_MIN) {
      throw new Error([...reports, stdout.slice(-8000), stderr.slice(-8000)].join('\n'));
    }
    console.log(`no report, ${passed} tests passed`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder where reports go; processes that are meant to die say theirs too */
function sanitizers(folder) {
  const library = (name) => execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return {
    ZC_IO_ADDON: join(native, `build/asan/prebuilds/linux-${process.arch}/@zc+io.glibc.node`),
    LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
    // Node frees little when it ends. The two signals are those that the guard of maps takes, and passes on.
    ASAN_OPTIONS: `detect_leaks=0:handle_sigbus=0:handle_segv=0:log_path=${join(folder, 'asan')}`,
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(folder, 'ubsan')}`,
    NO_COLOR: '1',
  };
}
