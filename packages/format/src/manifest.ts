import { ZcError } from '@zc/errors';
import * as z from 'zod';
import { FORMAT_VERSION } from './head.js';
import { canonicalJson, parseJson } from './json.js';
import { limits, refuseAbove } from './limits.js';
import type { Schema } from './schema.js';
import { firstIssue, parseSchema, schemaToJson } from './schema-resolve.js';
import { decodeUtf8, encodeUtf8, isWellFormed } from './text.js';

/** Name of the manifest in a dataset's directory. */
export const MANIFEST_NAME = 'dataset.json';

/** One shard of a dataset. */
export interface ShardEntry {
  /** File name in the dataset's directory. */
  readonly name: string;
  readonly bytes: number;
  readonly samples: number;
  readonly uuid: string;
  /** Lower-case hex; `null` where the writer was told not to compute it. */
  readonly sha256: string | null;
}

/** What a dataset consists of (specification, section 11). */
export interface Manifest<S extends Schema = Schema> {
  readonly schema: S;
  readonly samples: number;
  readonly bytes: number;
  /** In the order of the samples. */
  readonly shards: readonly ShardEntry[];
}

/** Name that writers give to shard `i`. */
export function shardName(i: number): string {
  return `shard-${String(i).padStart(6, '0')}.zcs`;
}

const FILE_NAME_BYTES_MAX = 255;

/** Names that need no closer look. */
const SIMPLE_NAME = /^[\w.-]{1,255}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;

const size = z.int().min(0);
const manifestJson = z.object({
  format: z.literal('zc-dataset'),
  version: z.tuple([size, size]),
  schema: z.unknown().optional(),
  samples: size,
  bytes: size,
  shards: z.array(z.unknown()),
});
const entryJson = z.object({
  name: z.string().refine(isPlainName, 'must be the name of a file in the directory of the manifest'),
  bytes: size,
  samples: size,
  uuid: z.string().regex(UUID),
  sha256: z.string().regex(SHA256).nullable(),
});

/** The text of a `dataset.json`: the same one for the same content (specification, section 11). */
export function serializeManifest({ schema, samples, bytes, shards }: Manifest): string {
  const json = canonicalJson({
    format: 'zc-dataset',
    version: [1, 0],
    schema: schemaToJson(schema),
    samples,
    bytes,
    shards,
  });
  return `${json}\n`;
}

/**
 * Reads a manifest, as text or as the bytes of its file; `name` is what errors call it.
 *
 * @throws ZC_FORMAT_MANIFEST, ZC_FORMAT_VERSION, ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT
 */
export function parseManifest(text: string | Uint8Array, name: string): Manifest {
  refuseAbove('MANIFEST_BYTES_MAX', text.length, 'the length of the manifest', { path: name });
  const parsed = manifestJson.safeParse(jsonOf(text, name));
  if (!parsed.success) throw refused(firstIssue(parsed.error), name);
  const { version, samples, bytes } = parsed.data;
  if (version[0] !== FORMAT_VERSION[0]) {
    throw new ZcError('ZC_FORMAT_VERSION', `the manifest has version ${version.join('.')}`, {
      path: name,
      expected: FORMAT_VERSION[0],
      actual: version[0],
    });
  }
  const schema = parseSchema(parsed.data.schema, name);
  refuseAbove('SHARDS_MAX', parsed.data.shards.length, 'the number of shards', { path: name });
  const shards = parsed.data.shards.map((entry, i) => entryOf(entry, i, name));
  checkSum('samples', samples, shards, name);
  checkSum('bytes', bytes, shards, name);
  if (new Set(shards.map((shard) => shard.name)).size < shards.length) {
    throw refused('two shards have the same name', name);
  }
  return { schema, samples, bytes, shards };
}

/**
 * One entry at a time: the first that is wrong ends it, however many there are.
 *
 * There may be a hundred thousand, so that a right one is told by plain comparisons; what is wrong with another
 * one the schema of the JSON says.
 */
function entryOf(json: unknown, i: number, name: string): ShardEntry {
  if (!isEntry(json)) {
    const { error } = entryJson.safeParse(json);
    throw refused(`shards[${i}].${firstIssue(error!)}`, name);
  }
  const { bytes, samples, uuid, sha256 } = json;
  if (bytes > limits.FILE_BYTES_MAX || samples > limits.SAMPLES_PER_SHARD_MAX) {
    refuseAbove('FILE_BYTES_MAX', bytes, `the length of shard ${i}`, { path: name });
    refuseAbove('SAMPLES_PER_SHARD_MAX', samples, `the number of samples of shard ${i}`, { path: name });
  }
  // Members that another version has added are left out.
  return { name: json.name, bytes, samples, uuid, sha256 };
}

function isEntry(json: unknown): json is ShardEntry {
  if (typeof json !== 'object' || json === null) return false;
  const { name, bytes, samples, uuid, sha256 } = json as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    isPlainName(name) &&
    isSize(bytes) &&
    isSize(samples) &&
    typeof uuid === 'string' &&
    UUID.test(uuid) &&
    (sha256 === null || (typeof sha256 === 'string' && SHA256.test(sha256)))
  );
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPlainName(name: string): boolean {
  if (SIMPLE_NAME.test(name)) return name !== '.' && name !== '..';
  const { length } = encodeUtf8(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  const hasForbidden = /[/\\\u0000-\u001f\u007f]/.test(name) || !isWellFormed(name);
  return length >= 1 && length <= FILE_NAME_BYTES_MAX && !hasForbidden;
}

function checkSum(
  key: 'samples' | 'bytes',
  actual: number,
  shards: readonly ShardEntry[],
  name: string,
): void {
  const expected = shards.reduce((sum, shard) => sum + shard[key], 0);
  if (actual === expected) return;
  throw new ZcError('ZC_FORMAT_MANIFEST', `"${key}" is ${actual}, the shards have ${expected} together`, {
    path: name,
    expected,
    actual,
  });
}

function jsonOf(text: string | Uint8Array, path: string): unknown {
  try {
    return parseJson(typeof text === 'string' ? text : decodeUtf8(text), { path });
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw new ZcError('ZC_FORMAT_MANIFEST', 'the manifest is not JSON in UTF-8', { path, cause });
  }
}

function refused(summary: string, path: string): ZcError {
  return new ZcError('ZC_FORMAT_MANIFEST', summary, { path });
}
