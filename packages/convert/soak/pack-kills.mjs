/**
 * A thousand packings killed at random moments, with --resume and without: nothing but a whole dataset ever lies under
 * the output's name, each of them has the same bytes, and a packing of much more input takes no more memory.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const KILLS = 1000;
const ROWS = 50_000;
const ROW_BYTES = 2000;
/** Of the larger packing against the smaller one: V8 collects when it likes to. */
const GROWTH_MB_MAX = 64;

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const kills = Math.max(10, Math.round(KILLS * Number(values.scale)));
const zc = fileURLToPath(new URL('../../cli/bin/zc.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const output = join(folder, 'out');
try {
  const input = arrayFile('x', ROWS);
  const whole = packWhole(input, join(folder, 'whole'));
  const counts = await killMany(input, whole);
  const growth = memoryGrowth();
  console.log(
    `${kills} kills: ${counts.published} after publishing, ${counts.resumed} packings went on behind shards that were ` +
      `left, ${counts.whole} datasets, all of the same bytes; 10 times the input took ${growth} MB more memory`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function killMany(input, { digest, milliseconds, startMs }) {
  const counts = { published: 0, resumed: 0, whole: 0 };
  for (let kill = 0; kill < kills; kill++) {
    // Every other run takes over what the one before has left.
    const resume = kill % 2 === 1 ? ['--resume'] : [];
    const args = ['pack', input, output, '--shard-bytes', '2MB', ...resume];
    const child = spawn(process.execPath, [zc, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let talk = '';
    child.stderr.on('data', (text) => {
      talk += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    // A process takes longer to start than to pack: most kills are to come behind that.
    const delay = startMs * 0.9 + Math.random() * (milliseconds * 1.1 - startMs * 0.9);
    const timer = setTimeout(() => child.kill('SIGKILL'), delay);
    await ended;
    clearTimeout(timer);
    if (talk.includes('Going on behind')) counts.resumed++;
    if (existsSync(output)) {
      counts.published++;
      demand(digestOf(output) === digest, 'a dataset of other bytes was published');
    } else if (kill % 10 === 9) {
      // To the end: what any number of kills has left must come to the same.
      const { status, stderr } = spawnSync(process.execPath, [zc, ...args, '--resume'], { encoding: 'utf8' });
      demand(status === 0, `--resume failed: ${stderr}`);
      counts.whole++;
      demand(digestOf(output) === digest, 'a packing that went on ended in other bytes');
    } else continue;
    rmSync(output, { recursive: true });
  }
  return counts;
}

function packWhole(input, directory) {
  const beginning = performance.now();
  spawnSync(process.execPath, [zc, 'pack', input, directory, '--dry-run']);
  const started = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [zc, 'pack', input, directory, '--shard-bytes', '2MB'],
    {
      encoding: 'utf8',
    },
  );
  demand(status === 0, stderr);
  return {
    digest: digestOf(directory),
    milliseconds: performance.now() - started,
    startMs: started - beginning,
  };
}

/** How much more memory, in MB, ten times the rows take at most. */
function memoryGrowth() {
  const [small, large] = [ROWS, ROWS * 10].map((rows) => {
    const input = arrayFile(`rows-${rows}`, rows);
    const directory = join(folder, `packed-${rows}`);
    const { stderr } = spawnSync(
      '/usr/bin/env',
      ['time', '-f', '%M', process.execPath, zc, 'pack', input, directory],
      {
        encoding: 'utf8',
      },
    );
    rmSync(directory, { recursive: true });
    return Number(stderr.trim().split('\n').at(-1)) / 1024;
  });
  const growth = Math.round(large - small);
  demand(growth < GROWTH_MB_MAX, `ten times the rows took ${growth} MB more`);
  return growth;
}

function arrayFile(name, rows) {
  const path = join(folder, `${name}.npy`);
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${ROW_BYTES}), }`.padEnd(117);
  writeFileSync(
    path,
    Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(`${header}\n`)]),
  );
  const some = Buffer.alloc(1000 * ROW_BYTES);
  for (let row = 0; row < rows; row += 1000) appendFileSync(path, some.fill(row / 1000));
  return path;
}

/** Of all files that belong to the dataset; a kill right behind its publishing may leave those of its writing. */
function digestOf(directory) {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory).sort()) {
    if (name === 'owner.json' || name === 'journal.jsonl') continue;
    hash.update(name).update(readFileSync(join(directory, name)));
  }
  return hash.digest('hex');
}

function demand(holds, what) {
  if (!holds) throw new Error(what);
}
