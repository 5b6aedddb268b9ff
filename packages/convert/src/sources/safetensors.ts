import { type FileHandle, open } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { type Dtype, dtypes } from '@zc/format';
import { refuseBeyond } from '../limits.js';
import { arraySource } from './array-source.js';
import { fileFilter } from './file-list.js';
import { readInto } from './npy-strips.js';
import { type RowColumn, sideBySide } from './row-columns.js';
import type { OpenedSource, SampleSource } from './sample-source.js';

/**
 * A safetensors file whose tensors have one first dimension: one sample a row of all of them, a field for each
 * tensor. `include` and `exclude` choose tensors by their names.
 */
export const safetensors: SampleSource = {
  name: 'safetensors',

  async detect({ path, head }) {
    if (path === undefined || path === '-' || head.length < 10) return false;
    const headerBytes = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
    return headerBytes < 2n ** 40n && head[8] === BRACE && (head[9] === QUOTE || head[9] === BRACE_END);
  },

  async open(input, options): Promise<OpenedSource> {
    const path = input.path!;
    const isWanted = fileFilter(options);
    const tensors = (await readTensors(path)).filter(({ name }) => isWanted(name));
    if (tensors.length === 0)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the file holds no tensor to pack', { path });
    const columns = tensors.map((tensor) => columnOf(path, tensor));
    const facts = [`${tensors.length} tensors of ${columns[0]!.source.samples} rows, from safetensors`];
    return sideBySide(columns, { facts });
  },
};

const [BRACE, QUOTE, BRACE_END] = [0x7b, 0x22, 0x7d];

/** The format's names of element types. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  U16: 'uint16',
  I16: 'int16',
  U32: 'uint32',
  I32: 'int32',
  U64: 'uint64',
  I64: 'int64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
  C64: 'complex64',
};

interface StoredTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** In the file. */
  readonly offset: number;
}

function columnOf(path: string, { name, dtype, shape, offset }: StoredTensor): RowColumn {
  const refuse = (what: string) =>
    new ZcError('ZC_CONVERT_UNSUPPORTED', `tensor "${name}" ${what}`, {
      path,
      offset,
      advice: `Leave it out with --exclude '${name}'.`,
    });
  const [samples, ...row] = shape;
  if (samples === undefined) throw refuse('has no dimension, so it has no rows');
  if (shape.includes(0)) throw refuse(`of shape [${shape}] is empty`);
  const rowBytes = row.reduce((product, extent) => product * extent, dtypes[dtype].bytes);
  refuseBeyond('RECORD_BYTES_MAX', rowBytes, `the length of a row of tensor "${name}"`, { path, offset });
  const header = { dtype, shape, isFortran: false, isBigEndian: false, dataOffset: offset };
  return { title: `"${name}"`, path, source: arraySource({ path, header, samples, rowBytes }, name) };
}

/** The tensors in the order in which they lie in the file. */
async function readTensors(path: string): Promise<StoredTensor[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { header, dataOffset } = await readHeader(file, path, size);
    const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
    refuseBeyond('ARRAYS_MAX', entries.length, 'the number of tensors', { path });
    const placed = entries.map(([name, entry]) => placedTensor(name, entry, path));
    placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
    let end = 0;
    for (const tensor of placed) {
      // The format leaves no room for anything that no tensor owns, or two do.
      if (tensor.begin !== end)
        throw damaged(path, `tensor "${tensor.name}" begins at ${tensor.begin}, not at ${end}`);
      end = tensor.end;
    }
    if (dataOffset + end !== size)
      throw damaged(path, `the tensors end at ${dataOffset + end}, the file at ${size}`);
    return placed.map(({ name, dtype, shape, begin }) => ({
      name,
      dtype,
      shape,
      offset: dataOffset + begin,
    }));
  } finally {
    await file.close();
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
  size: number,
): Promise<{ header: Record<string, unknown>; dataOffset: number }> {
  const prefix = Buffer.alloc(8);
  if ((await readInto(file, prefix, 0)) < 8) throw damaged(path, 'it has no header');
  const headerBytes = Number(prefix.readBigUInt64LE());
  refuseBeyond('SAFETENSORS_HEADER_BYTES_MAX', headerBytes, 'the length of the header', { path, offset: 0 });
  if (8 + headerBytes > size) throw damaged(path, `its header claims ${headerBytes} bytes of ${size}`);
  const text = Buffer.alloc(headerBytes);
  await readInto(file, text, 8);
  try {
    const header: unknown = JSON.parse(text.toString());
    if (typeof header !== 'object' || header === null || Array.isArray(header))
      throw new Error('it is no object');
    return { header: header as Record<string, unknown>, dataOffset: 8 + headerBytes };
  } catch (cause) {
    throw damaged(path, `its header is not JSON: ${(cause as Error).message}`, cause);
  }
}

function placedTensor(name: string, entry: unknown, path: string) {
  const { dtype: type, shape, data_offsets } = (entry ?? {}) as Record<string, unknown>;
  const [begin, end] = (Array.isArray(data_offsets) ? data_offsets : []) as unknown[];
  if (typeof type !== 'string' || !isCounts(shape) || !isCounts([begin, end])) {
    throw damaged(path, `the header does not say what tensor "${name}" is`);
  }
  const dtype = DTYPES[type];
  if (dtype === undefined) {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `tensor "${name}" is of the type ${type}`, {
      path,
      advice: `These are read: ${Object.keys(DTYPES).join(', ')}.`,
    });
  }
  const [from, to] = [begin as number, end as number];
  const bytes = shape.reduce((product, extent) => product * extent, dtypes[dtype].bytes);
  if (to - from !== bytes) throw damaged(path, `tensor "${name}" has ${to - from} bytes instead of ${bytes}`);
  return { name, dtype, shape, begin: from, end: to };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function damaged(path: string, what: string, cause?: unknown): ZcError {
  return new ZcError('ZC_CONVERT_SOURCE', `the file is damaged: ${what}`, { path, cause });
}
