import { execFileSync } from 'node:child_process';
import { copyFileSync, linkSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MANIFEST_NAME, parseManifest, serializeManifest, shardName } from '@zc/format';
import type { DataSet } from '../../src/data.js';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { quantile } from '../../src/statistics.js';
import { ownCopy } from './own-copy.js';

/** Usual file systems allow a file 65,000 names. */
const NAMES_OF_A_FILE = 50_000;

/** What a process prints that has opened the dataset; see `many-shards-process.ts`. */
interface Opened {
  readonly samples: number;
  readonly bytes: number;
  readonly figures: Record<'open_ms' | 'open_mb' | 'first_ms' | 'again_ms' | 'restore_ms', number>;
}

let settings: Settings;
let folder: string;
let opened: Opened[] = [];

/**
 * A dataset of as many shards as its one shard has samples, which costs nothing but names: the shard has them all.
 * It is opened in a fresh process each time, as a job does.
 */
export default {
  async prepare({ data }: Settings) {
    folder = await ownCopy(data, 'many-shards', (partial) => linkShards(data, partial));
    return [];
  },

  async open(given: Settings) {
    settings = given;
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize } = settings;
    const program = fileURLToPath(new URL('many-shards-process.js', import.meta.url));
    const args = [program, folder, String(data.rows), String(batchSize)];
    const result: Opened = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    opened.push(result);
    yield { samples: result.samples, bytes: result.bytes, sum: 0n };
  },

  figures() {
    const median = (name: keyof Opened['figures']) =>
      quantile(
        opened.map(({ figures }) => figures[name]),
        0.5,
      );
    const names = Object.keys(opened[0]!.figures) as (keyof Opened['figures'])[];
    const figures = Object.fromEntries(names.map((name) => [name, median(name)]));
    opened = [];
    return figures;
  },

  async close() {},
} satisfies NodeContender;

function linkShards({ shards, rows }: DataSet, to: string): void {
  const { schema, shards: entries } = parseManifest(readFileSync(join(shards, MANIFEST_NAME)), MANIFEST_NAME);
  const [only] = entries;
  if (entries.length !== 1) throw new Error(`${shards} has ${entries.length} shards, and one is needed`);
  let file = '';
  for (let i = 0; i < rows; i += 1) {
    const path = join(to, shardName(i));
    if (i % NAMES_OF_A_FILE === 0) {
      copyFileSync(join(shards, only!.name), path);
      file = path;
    } else linkSync(file, path);
  }
  const named = Array.from({ length: rows }, (_, i) => ({ ...only!, name: shardName(i) }));
  const manifest = { schema, samples: rows * only!.samples, bytes: rows * only!.bytes, shards: named };
  writeFileSync(join(to, MANIFEST_NAME), serializeManifest(manifest));
}
