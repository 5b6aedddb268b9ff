import {
  BLOCK_BYTES,
  decodeTableBlockU32,
  decodeTableBlockU64,
  U32_PER_BLOCK,
  U64_PER_BLOCK,
} from '@zc/format';
import { crc32c } from '@zc/io';
import { CachedRuns, type RangeReader } from './cached-runs.js';
import type { IndexCache } from './index-cache.js';

/** Blocks that are read and checked together: 64 KiB, about what a device reads in the time of one seek. */
const RUN_BLOCKS_MAX = 16;
/** Where a shard's share of the cache is small, fewer are: they might be dropped before others of them are used. */
const RUNS_PER_SHARE = 8;

interface TableOptions {
  cache: IndexCache;
  /** The part of the cache that a shard may count on. */
  cacheShareBytes: number;
  reader: RangeReader;
  path: string;
  part: { readonly offset: number; readonly length: number };
}

/** A table of a shard (format specification, section 8), present in runs of its blocks. */
export class Table {
  /** Entries of a run; the last one may have fewer, and more of them than belong to the table. */
  readonly entriesPerRun: number;
  readonly #runs: CachedRuns<Float64Array | Uint32Array>;

  constructor(type: 'u64' | 'u32', { cache, cacheShareBytes, reader, path, part }: TableOptions) {
    const perBlock = type === 'u64' ? U64_PER_BLOCK : U32_PER_BLOCK;
    const shareBlocks = Math.floor(cacheShareBytes / RUNS_PER_SHARE / BLOCK_BYTES);
    const runBlocks = Math.min(RUN_BLOCKS_MAX, Math.max(1, shareBlocks));
    this.entriesPerRun = runBlocks * perBlock;
    this.#runs = new CachedRuns({
      cache,
      file: reader,
      part,
      runBytes: runBlocks * BLOCK_BYTES,
      decode(bytes, run, offset) {
        const blocks = bytes.length / BLOCK_BYTES;
        const entries = new (type === 'u64' ? Float64Array : Uint32Array)(blocks * perBlock);
        for (let i = 0; i < blocks; i++) {
          const block = bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
          const number = run * runBlocks + i;
          const place = { name: path, offset: offset + i * BLOCK_BYTES };
          const out = entries.subarray(i * perBlock, (i + 1) * perBlock);
          if (type === 'u64') decodeTableBlockU64(block, number, place, { crc32c, out: out as Float64Array });
          else decodeTableBlockU32(block, number, place, { crc32c, out: out as Uint32Array });
        }
        return entries;
      },
    });
  }

  /** The run that holds an entry. */
  runOf(entry: number): number {
    return Math.floor(entry / this.entriesPerRun);
  }

  get runs(): CachedRuns<Float64Array | Uint32Array> {
    return this.#runs;
  }

  /** An entry whose run is there. */
  at(entry: number): number {
    const run = Math.floor(entry / this.entriesPerRun);
    return this.#runs.at(run)[entry - run * this.entriesPerRun]!;
  }

  /** A copy of the first `count` entries, if all of their runs are there. */
  all(count: number): Uint32Array | undefined {
    const runs = Math.ceil(count / this.entriesPerRun);
    for (let run = 0; run < runs; run++) if (!this.#runs.holds(run)) return undefined;
    const all = new Uint32Array(count);
    for (let run = 0; run < runs; run++) {
      const first = run * this.entriesPerRun;
      all.set(this.#runs.at(run).subarray(0, count - first), first);
    }
    return all;
  }

  /** An entry; its run is read now where it is not there, which blocks, and stays as long as the use lasts. */
  now(entry: number, use: number): number {
    const run = Math.floor(entry / this.entriesPerRun);
    const entries = this.#runs.has(run, use) ? this.#runs.at(run) : this.#runs.now(run);
    return entries[entry - run * this.entriesPerRun]!;
  }
}
