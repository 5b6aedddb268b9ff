import { readFile, stat } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { refuseBeyond } from '../../limits.js';

/** A shard as `index.json` describes it. */
export interface MdsShard {
  readonly columns: readonly {
    readonly name: string;
    readonly encoding: string;
    readonly bytes: number | null;
  }[];
  readonly samples: number;
  /** Names below the folder. */
  readonly file: string;
  readonly bytes: number;
  readonly packed: { readonly file: string; readonly bytes: number } | undefined;
}

/**
 * Reads the index of an MDS dataset (MosaicML streaming, version 2).
 *
 * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_UNSUPPORTED, ZC_CONVERT_LIMIT
 */
export async function readMdsIndex(path: string): Promise<MdsShard[]> {
  const { size } = await stat(path);
  refuseBeyond('TABLE_METADATA_BYTES_MAX', size, 'the length of the index', { path });
  let index: unknown;
  try {
    index = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', 'the index is not JSON', { path, cause });
  }
  const { shards, version } = objectOf(index);
  if (version !== 2)
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `version ${version} of the index is not known`, { path });
  if (!Array.isArray(shards)) throw new ZcError('ZC_CONVERT_SOURCE', 'the index lists no shards', { path });
  return shards.map((shard, i) => {
    try {
      return shardOf(objectOf(shard), path);
    } catch (cause) {
      if (cause instanceof ZcError) throw cause;
      throw new ZcError(
        'ZC_CONVERT_SOURCE',
        `shard ${i} of the index makes no sense: ${(cause as Error).message}`,
        {
          path,
          cause,
        },
      );
    }
  });
}

function shardOf(shard: Record<string, unknown>, path: string): MdsShard {
  if (shard.format !== 'mds') {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `the shards are ${shard.format}, not MDS`, { path });
  }
  const names = arrayOf(shard.column_names);
  const encodings = arrayOf(shard.column_encodings);
  const sizes = arrayOf(shard.column_sizes);
  if (names.length !== encodings.length || names.length !== sizes.length)
    throw new TypeError('its columns do not match');
  const columns = names.map((name, i) => {
    const bytes = sizes[i];
    if (typeof name !== 'string' || typeof encodings[i] !== 'string')
      throw new TypeError('a column has no name');
    return { name, encoding: encodings[i], bytes: bytes === null ? null : count(bytes) };
  });
  const { compression } = shard;
  if (compression !== null && compression !== undefined && !/^zstd(:|$)/.test(String(compression))) {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `the shards are compressed with ${compression}`, {
      path,
      advice: 'Write them with zstd or without compression.',
    });
  }
  const raw = objectOf(shard.raw_data);
  const zip = shard.zip_data === null || shard.zip_data === undefined ? undefined : objectOf(shard.zip_data);
  return {
    columns,
    samples: count(shard.samples),
    file: fileName(raw.basename),
    bytes: count(raw.bytes),
    packed: zip && { file: fileName(zip.basename), bytes: count(zip.bytes) },
  };
}

/** A file of the folder itself: a name that leads elsewhere is refused. */
function fileName(value: unknown): string {
  if (typeof value === 'string' && /^[^/\\\0]+$/.test(value) && !/^\.+$/.test(value)) return value;
  throw new TypeError(`${JSON.stringify(value)} is no file of this folder`);
}

function count(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new TypeError(`${JSON.stringify(value)} is no count`);
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new TypeError('an object is missing');
}

function arrayOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('a list is missing');
}
