import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { defineSchema } from '@zc/format';
import { Input } from '../../input.js';
import { convertLimits, refuseBeyond } from '../../limits.js';
import type { BadRow, SampleSource, SourceRow } from '../sample-source.js';
import { FileBytes } from '../tables/file-bytes.js';
import { UnpackedFile } from '../unpacked-file.js';
import { type MdsField, mdsField } from './mds-encoding.js';
import { type MdsShard, readMdsIndex } from './mds-index.js';

/**
 * A dataset of MosaicML `streaming`: a folder of `.mds` shards, compressed with zstd too, listed in `index.json`.
 *
 * A shard that is compressed is unpacked whole in memory, as MosaicML does on the disk; of others a sample at a time
 * is read.
 */
export const mds: SampleSource = {
  name: 'mds',

  async detect({ isDirectory, path }) {
    return isDirectory && (await namesMds(join(path!, 'index.json')));
  },

  async open({ path }) {
    const folder = path!;
    const index = join(folder, 'index.json');
    const shards = (await readMdsIndex(index)).filter(({ samples }) => samples > 0);
    const [first] = shards;
    if (first === undefined)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the index lists no samples', { path: index });
    refuseOthers(shards, index);
    const fields = await settleFields(folder, first);
    const bytes = shards.reduce((sum, { bytes: raw, packed }) => sum + (packed?.bytes ?? raw), 0);
    return {
      schema: schemaOf(fields, index),
      samples: shards.reduce((sum, { samples }) => sum + samples, 0),
      bytes,
      facts: [`MDS: ${shards.length} shards, ${fields.size} columns`],
      async *rows(from) {
        let skip = from;
        for (const shard of shards) {
          if (skip >= shard.samples) {
            skip -= shard.samples;
            continue;
          }
          yield* rowsOf(folder, { shard, fields, from: skip });
          skip = 0;
        }
      },
    };
  },
};

/** Whether there is an index that speaks of MDS; what is wrong with it is said when it is read. */
async function namesMds(path: string): Promise<boolean> {
  if (!(await isThere(path)) || (await stat(path)).size > convertLimits.TABLE_METADATA_BYTES_MAX)
    return false;
  return /"format":\s*"mds"/.test(await readFile(path, 'utf8'));
}

async function settleFields(folder: string, shard: MdsShard): Promise<Map<string, MdsField>> {
  const open = await openShard(folder, shard);
  try {
    const sample = await open.sample(0);
    const parts = split(sample.bytes, shard);
    return new Map(
      shard.columns.map(({ name, encoding }, i) => {
        try {
          return [name, mdsField(encoding, parts[i]!, { name, path: open.path })];
        } catch (cause) {
          throw cause instanceof ZcError ? cause : wrong(open.path, sample.offset, name, cause);
        }
      }),
    );
  } finally {
    await open.close();
  }
}

async function* rowsOf(
  folder: string,
  { shard, fields, from }: { shard: MdsShard; fields: ReadonlyMap<string, MdsField>; from: number },
): AsyncGenerator<SourceRow | BadRow> {
  const open = await openShard(folder, shard);
  const share = (shard.packed?.bytes ?? shard.bytes) / shard.samples;
  try {
    for (let row = from; row < shard.samples; row++) {
      const { bytes, offset } = await open.sample(row);
      yield rowOf(bytes, { shard, fields, path: open.path, offset, bytesRead: share });
    }
  } finally {
    await open.close();
  }
}

function rowOf(
  bytes: Uint8Array,
  at: {
    shard: MdsShard;
    fields: ReadonlyMap<string, MdsField>;
    path: string;
    offset: number;
    bytesRead: number;
  },
): SourceRow | BadRow {
  const { shard, fields, path, offset, bytesRead } = at;
  const sample: [string, unknown][] = [];
  let name = '';
  try {
    const parts = split(bytes, shard);
    for (const [i, column] of shard.columns.entries()) {
      name = column.name;
      sample.push([name, fields.get(name)!.convert(parts[i]!)]);
    }
  } catch (cause) {
    return { error: wrong(path, offset, name, cause), bytesRead };
  }
  return { sample: Object.fromEntries(sample), bytesRead, origin: `${path}@${offset}` };
}

/** The values of a sample: the lengths of those that differ in length, then all of them. */
function split(bytes: Uint8Array, { columns }: MdsShard): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const lengths = columns.map(({ bytes: fixed }) => {
    if (fixed) return fixed;
    at += 4;
    return view.getUint32(at - 4, true);
  });
  const parts = lengths.map((length) => {
    at += length;
    if (at > bytes.length)
      throw new RangeError(`its values claim ${at} bytes, the sample has ${bytes.length}`);
    return bytes.subarray(at - length, at);
  });
  if (at !== bytes.length) throw new RangeError(`its values have ${at} bytes, the sample ${bytes.length}`);
  return parts;
}

interface OpenShard {
  readonly path: string;
  sample(row: number): Promise<{ bytes: Uint8Array; offset: number }>;
  close(): Promise<void>;
}

/** Opens a shard: a count, the offsets of the samples and of their end, a header, the samples. */
async function openShard(folder: string, shard: MdsShard): Promise<OpenShard> {
  const raw = join(folder, shard.file);
  const isRaw = shard.packed === undefined || (await isThere(raw));
  const file = isRaw ? await FileBytes.open(raw) : await unpacked(join(folder, shard.packed!.file), shard);
  const { path } = file;
  const damaged = (what: string, offset: number) => new ZcError('ZC_CONVERT_SOURCE', what, { path, offset });
  try {
    if (file.length !== shard.bytes)
      throw damaged(`the shard has ${file.length} bytes, the index says ${shard.bytes}`, 0);
    const count = u32(await file.read(0, 4), 0);
    if (count !== shard.samples)
      throw damaged(`the shard has ${count} samples, the index says ${shard.samples}`, 0);
    return {
      path,
      async sample(row) {
        const at = 4 * (1 + row);
        const pair = await file.read(at, 8);
        const [begin, end] = [u32(pair, 0), u32(pair, 4)];
        if (begin > end || end > file.length)
          throw damaged(`sample ${row} claims the bytes ${begin} to ${end}`, at);
        refuseBeyond('RECORD_BYTES_MAX', end - begin, 'the length of a sample', { path, offset: at });
        return { bytes: await file.read(begin, end - begin), offset: begin };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Bytes = Pick<FileBytes, 'path' | 'length' | 'read' | 'close'>;

/** A compressed shard in memory. */
async function unpacked(path: string, shard: MdsShard): Promise<Bytes> {
  refuseBeyond('TABLE_GROUP_BYTES_MAX', shard.bytes, 'the length of the unpacked shard', { path });
  const file = new UnpackedFile(await Input.open([path]), path);
  const chunks: Buffer[] = [];
  for await (const chunk of file) {
    chunks.push(chunk);
    if (file.offset > shard.bytes) {
      throw new ZcError(
        'ZC_CONVERT_SOURCE',
        `the shard unpacks to more than the ${shard.bytes} bytes of the index`,
        { path },
      );
    }
  }
  const all = Buffer.concat(chunks);
  return {
    path,
    length: all.length,
    async read(offset, length) {
      if (offset + length > all.length) {
        throw new ZcError(
          'ZC_CONVERT_SOURCE',
          `${length} bytes are claimed where ${all.length - offset} are left`,
          {
            path,
            offset,
          },
        );
      }
      return Uint8Array.from(all.subarray(offset, offset + length));
    },
    async close() {},
  };
}

function refuseOthers(shards: readonly MdsShard[], path: string): void {
  const texts = shards.map(({ columns }) =>
    columns.map(({ name, encoding }) => `${name}: ${encoding}`).join(', '),
  );
  const other = texts.findIndex((text) => text !== texts[0]);
  if (other < 0) return;
  throw new ZcError(
    'ZC_CONVERT_MIXED',
    `shard ${other} has the columns ${texts[other]}, the first one ${texts[0]}`,
    {
      path,
    },
  );
}

function schemaOf(fields: ReadonlyMap<string, MdsField>, path: string) {
  try {
    return defineSchema(Object.fromEntries([...fields].map(([name, { spec }]) => [name, spec])));
  } catch (cause) {
    if (!(cause instanceof ZcError)) throw cause;
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `its columns make no schema: ${cause.summary}`, {
      path,
      cause,
    });
  }
}

function wrong(path: string, offset: number, name: string, cause: unknown): ZcError {
  const what = `column "${name}" is no value: ${(cause as Error).message}`;
  return new ZcError('ZC_CONVERT_SOURCE', what, { path, offset, field: name, cause });
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
