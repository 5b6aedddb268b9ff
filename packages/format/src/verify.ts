import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, isAllZero } from './block.js';
import type { Digests, Hasher } from './digests.js';
import { type Footer, partsOf } from './footer.js';
import { HEAD_BYTES } from './head.js';
import { checksumCount, type FieldLayout, type Part } from './layout.js';
import type { Source } from './source.js';
import { decodeTableBlockU32, decodeTableBlockU64, type EntryType, entriesPerBlock } from './tables.js';
import { TAIL_BYTES, type Tail } from './tail.js';
import { uuidOf, uuidText } from './uuid.js';
import { isFormatError, verifyField } from './verify-field.js';

/** Findings that a report holds; more are counted only. */
const DAMAGE_MAX = 1000;

const READ_BYTES = 2 ** 20;

/** What `ShardReader.verify` may be given. */
export interface VerifyOptions {
  /** Called as the work goes on. */
  onProgress?: ((progress: { doneBytes: number; totalBytes: number }) => void) | undefined;
  /** Ends it with ZC_ABORTED. */
  signal?: AbortSignal | undefined;
}

/** What the check of a whole shard found. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly bytes: number;
  readonly samples: number;
  /** The first 1000 findings, each with its offset and, where it has them, field and row. */
  readonly damage: readonly ZcError[];
  readonly damageCount: number;
}

/** A shard whose head, tail and footer have been found right. */
export interface OpenShard {
  readonly source: Source;
  readonly tail: Tail;
  readonly footer: Footer;
  readonly digests: Digests;
}

/**
 * Checks every byte of a shard (specification, section 9).
 *
 * @throws ZC_ABORTED and what the source throws; damage is reported instead.
 */
export async function verifyShard(shard: OpenShard, options: VerifyOptions): Promise<VerifyReport> {
  const verification = new Verification(shard, options);
  await verification.checkHeadAndTail();
  await verification.checkTables();
  for (const layout of shard.footer.layout) await verification.checkField(layout);
  await verification.checkGaps();
  return verification.result();
}

class Verification {
  readonly #shard: OpenShard;
  readonly #options: VerifyOptions;
  readonly #damage: ZcError[] = [];
  #damageCount = 0;
  #doneBytes = 0;

  constructor(shard: OpenShard, options: VerifyOptions) {
    this.#shard = shard;
    this.#options = options;
  }

  result(): VerifyReport {
    const { source, footer } = this.#shard;
    return {
      ok: this.#damageCount === 0,
      bytes: source.sizeBytes,
      samples: footer.samples,
      damage: this.#damage,
      damageCount: this.#damageCount,
    };
  }

  /** The bytes that opening the shard let pass. */
  async checkHeadAndTail(): Promise<void> {
    const { source } = this.#shard;
    await this.#checkZero(24, HEAD_BYTES, 'the rest of the head');
    const tailAt = source.sizeBytes - TAIL_BYTES;
    await this.#checkZero(tailAt + 48, tailAt + 52, 'the unused part of the tail');
  }

  /** Every block of every table, and the UUID, which stands for all of them. */
  async checkTables(): Promise<void> {
    const { source, tail, footer, digests } = this.#shard;
    const hasher = digests.sha256();
    hasher.update(await source.read(0, HEAD_BYTES));
    hasher.update(await source.read(tail.footerOffset, tail.footerBytes));
    const tables = footer.layout.flatMap((layout) => tablesOf(layout, footer.samples));
    tables.sort((a, b) => a.part.offset - b.part.offset);
    for (const table of tables) await this.#checkTable(table, hasher);
    const actual = uuidText(uuidOf(hasher));
    const expected = uuidText(tail.uuid);
    if (actual !== expected) {
      this.#refuse('ZC_FORMAT_CHECKSUM', `the UUID is ${expected}; head, footer and tables give ${actual}`, {
        offset: source.sizeBytes - TAIL_BYTES + 32,
        expected,
        actual,
      });
    }
  }

  async checkField(layout: FieldLayout): Promise<void> {
    const { source, footer, digests } = this.#shard;
    await verifyField({
      source,
      layout,
      samples: footer.samples,
      crc32c: digests.crc32c,
      report: (damage) => this.#report(damage),
      advance: (bytes) => this.#advance(bytes),
    });
  }

  /** Whatever belongs to no part is padding. */
  async checkGaps(): Promise<void> {
    const { tail, footer } = this.#shard;
    const parts = partsOf(footer.layout).sort((a, b) => a.part.offset - b.part.offset);
    let at: number = HEAD_BYTES;
    for (const { part, label } of parts) {
      await this.#checkZero(at, part.offset, `the padding before ${label}`);
      at = Math.max(at, part.offset + part.length);
    }
    await this.#checkZero(at, tail.footerOffset, 'the padding before the footer');
  }

  async #checkTable({ part, type, entries, label }: Table, hasher: Hasher): Promise<void> {
    const { source, digests } = this.#shard;
    for (let at = 0; at < part.length; at += READ_BYTES) {
      const bytes = await source.read(part.offset + at, Math.min(READ_BYTES, part.length - at));
      hasher.update(bytes);
      this.#advance(bytes.length);
      for (let i = 0; i < bytes.length; i += BLOCK_BYTES) {
        const number = (at + i) / BLOCK_BYTES;
        const place = { name: source.name, offset: part.offset + at + i };
        try {
          const decode = type === 'u64' ? decodeTableBlockU64 : decodeTableBlockU32;
          const block = decode(bytes.subarray(i, i + BLOCK_BYTES), number, place, digests);
          const unused = block.subarray(Math.min(entries - number * entriesPerBlock(type), block.length));
          if (unused.some((entry) => entry !== 0)) {
            this.#refuse('ZC_FORMAT_TABLE', `${label} has unused entries that are not zero`, place);
          }
        } catch (error) {
          if (!isFormatError(error)) throw error;
          this.#report(error);
        }
      }
    }
  }

  async #checkZero(start: number, end: number, label: string): Promise<void> {
    for (let at = start; at < end; at += READ_BYTES) {
      const bytes = await this.#shard.source.read(at, Math.min(READ_BYTES, end - at));
      this.#advance(bytes.length);
      if (isAllZero(bytes)) continue;
      const offset = at + bytes.findIndex((byte) => byte !== 0);
      this.#refuse('ZC_FORMAT_CHECKSUM', `${label} is not zero`, { offset });
    }
  }

  #refuse(code: 'ZC_FORMAT_TABLE' | 'ZC_FORMAT_CHECKSUM', summary: string, details: object): void {
    this.#report(new ZcError(code, summary, { path: this.#shard.source.name, ...details }));
  }

  #report(damage: ZcError): void {
    this.#damageCount++;
    if (this.#damage.length < DAMAGE_MAX) this.#damage.push(damage);
  }

  #advance(bytes: number): void {
    const { onProgress, signal } = this.#options;
    if (signal?.aborted) {
      throw new ZcError('ZC_ABORTED', 'the verification was ended', {
        path: this.#shard.source.name,
        cause: signal.reason,
      });
    }
    this.#doneBytes += bytes;
    onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.#shard.source.sizeBytes });
  }
}

interface Table {
  readonly part: Part;
  readonly type: EntryType;
  readonly entries: number;
  readonly label: string;
}

function tablesOf(layout: FieldLayout, samples: number): Table[] {
  const { field, ends, dims, checksums, dimsPerRow, region } = layout;
  const table = (kind: string, part: Part, type: EntryType, entries: number): Table => ({
    part,
    type,
    entries,
    label: `table "${kind}" of field "${field.name}"`,
  });
  return [
    ...(ends ? [table('ends', ends, 'u64', samples)] : []),
    ...(dims ? [table('dims', dims, 'u32', samples * dimsPerRow)] : []),
    table('checksums', checksums, 'u32', checksumCount(layout, samples, region.length)),
  ];
}
