import { ZcError } from '@zc/errors';
import { type FieldSpec, field } from '@zc/format';
import { lookup } from 'mrmime';
import { decodeNpy, type NpyArray, scalarReader } from '../npy-array.js';
import { decodeText } from '../text-bytes.js';
import type { TarEntry } from './tar-entries.js';

/** How the files of one extension become the values of a field. */
export interface TarField {
  /** The extension, which is the field's name too. */
  readonly extension: string;
  readonly spec: FieldSpec;
  /** @throws ZC_CONVERT_SOURCE for a damaged file, ZC_CONVERT_MIXED for one that is not as the first ones were */
  decode(entry: TarEntry, path: string): unknown;
}

/** The extensions that WebDataset decodes by itself, but for what only Python can read (`pyd`, `pth`). */
const INTEGERS = new Set(['cls', 'cls2', 'class', 'count', 'index', 'inx', 'id']);
const TEXTS = new Set(['txt', 'text', 'transcript', 'html', 'htm', 'csv', 'md']);
const JSONS = new Set(['json', 'jsn']);

/**
 * Settles the field of an extension by the files that were looked at; of `seg.png`, the last part tells what it is.
 *
 * @param entries at least one
 * @throws ZC_CONVERT_MIXED where arrays differ in type or number of dimensions, and what decoding them throws
 */
export function tarField(extension: string, entries: readonly TarEntry[], path: string): TarField {
  const kind = extension.slice(extension.lastIndexOf('.') + 1);
  if (kind === 'npy') return arrayField(extension, entries, path);
  if (INTEGERS.has(kind) && entries.every(({ bytes }) => integerIn(bytes) !== undefined)) {
    return { extension, spec: field.scalar('int64'), decode: decodeInteger };
  }
  if (INTEGERS.has(kind) || TEXTS.has(kind)) return { extension, spec: field.text(), decode: textOf };
  if (JSONS.has(kind)) return { extension, spec: field.json(), decode: decodeJson };
  const mediaType = lookup(kind);
  return { extension, spec: field.bytes(mediaType ? { mediaType } : {}), decode: ({ bytes }) => bytes };
}

function arrayField(extension: string, entries: readonly TarEntry[], path: string): TarField {
  const arrays = entries.map((entry) => arrayOf(entry, path));
  const { dtype, shape: first } = arrays[0]!;
  for (const [i, array] of arrays.entries()) refuseOther(arrays[0]!, array, { entry: entries[i]!, path });
  // A dimension of nothing can be none of a fixed shape.
  const shape = first.map((extent, dim) =>
    extent > 0 && arrays.every((array) => array.shape[dim] === extent) ? extent : null,
  );
  const toScalar = shape.length === 0 ? scalarReader(dtype) : undefined;
  return {
    extension,
    spec: field.tensor(dtype, shape),
    decode(entry, path) {
      const array = arrayOf(entry, path);
      refuseOther({ dtype, shape }, array, { entry, path });
      return toScalar ? toScalar(array.data) : array;
    },
  };
}

/** Extents are checked where the row is stored, by the shape that the user may have changed. */
function refuseOther(
  expected: { dtype: string; shape: readonly (number | null)[] },
  { dtype, shape }: NpyArray,
  { entry, path }: { entry: TarEntry; path: string },
): void {
  if (dtype === expected.dtype && shape.length === expected.shape.length) return;
  const [wanted, found] = [expected, { dtype, shape }].map(
    ({ dtype, shape }) => `${dtype} of ${shape.length} dimensions`,
  );
  throw new ZcError('ZC_CONVERT_MIXED', `${entry.name} is ${found}, the arrays before it are ${wanted}`, {
    path,
    offset: entry.offset,
    expected: wanted,
    actual: found,
  });
}

function arrayOf(entry: TarEntry, path: string): NpyArray {
  try {
    return decodeNpy(entry.bytes, entry.name);
  } catch (cause) {
    throw wrong(entry, path, 'is no array that can be read', cause);
  }
}

function decodeInteger(entry: TarEntry, path: string): bigint {
  const value = integerIn(entry.bytes);
  if (value !== undefined) return value;
  throw wrong(entry, path, 'is not a whole number of 64 bits');
}

/** As WebDataset writes class numbers: decimal digits, perhaps with white space around them. */
function integerIn(bytes: Uint8Array): bigint | undefined {
  if (bytes.length > 64) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').trim();
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function textOf(entry: TarEntry, path: string): string {
  try {
    return decodeText(entry.bytes);
  } catch (cause) {
    throw wrong(entry, path, 'is not UTF-8', cause);
  }
}

function decodeJson(entry: TarEntry, path: string): unknown {
  const text = textOf(entry, path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(entry, path, 'is not JSON', cause);
  }
}

function wrong(entry: TarEntry, path: string, what: string, cause?: unknown): ZcError {
  const reason =
    cause === undefined ? '' : `: ${cause instanceof ZcError ? cause.summary : (cause as Error).message}`;
  return new ZcError('ZC_CONVERT_SOURCE', `${entry.name} ${what}${reason}`, {
    path,
    offset: entry.offset,
    cause,
  });
}
