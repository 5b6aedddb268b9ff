/** A disk that is full, for real: a small tmpfs where this user may mount one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSchema, field } from '../dist/index.js';
import { DatasetWriter } from '../dist/node/index.js';

const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { encoding: 'utf8' });
try {
  if (mounted.status === 0) await fill();
  else console.log(`not run: a tmpfs cannot be mounted here (${mounted.stderr?.trim()})`);
} finally {
  if (mounted.status === 0) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
}

async function fill() {
  const schema = defineSchema({ main: field.tensor('uint8', [4096]), held: field.bytes() });
  for (const shardBytes of [2 ** 20, 2 ** 30]) {
    const writer = await DatasetWriter.create(join(folder, 'train'), { schema, shardBytes });
    const error = await appendAll(writer).catch((caught) => caught);
    if (error?.code !== 'ZC_IO_WRITE' || error.details.errno !== 'ENOSPC')
      throw error ?? new Error('no error');
    if (readdirSync(folder).length > 0) throw new Error(`left behind: ${readdirSync(folder)}`);
  }
  console.log('ENOSPC while writing shards and while finishing one: ZC_IO_WRITE, and nothing is left behind');
}

async function appendAll(writer) {
  // 15 MB in all: with large shards the held half meets the full disk only in the end.
  for (let i = 0; i < 1800; i++) {
    await writer.append({ main: new Uint8Array(4096).fill(i), held: new Uint8Array(4096).fill(i) });
  }
  await writer.finish();
}
