import {
  decompressRow,
  dtypes,
  type EncodedSample,
  type Field,
  type FieldPlan,
  parseSchema,
  planFields,
  type Schema,
  schemaToJson,
  shapeOfRow,
  type ZstdCompressor,
} from '@zc/format';

/** How the rows of one field are to be stored; what is left out stays as it is. */
export interface Storage {
  readonly codec?: 'none' | 'zstd' | undefined;
  /** Of variable rows. */
  readonly rowAlign?: number | undefined;
}

/**
 * A schema of the same values, stored as `storageOf` says of each field.
 *
 * @throws ZC_FORMAT_SCHEMA for what a field cannot have
 */
export function restoredSchema(
  schema: Schema,
  storageOf: (field: Field) => Storage,
  zstd: { readonly library: string; readonly level: number } | undefined,
): Schema {
  const fields = schema.fields.map((field) => {
    const { codec = field.codec, rowAlign } = storageOf(field);
    if (codec === field.codec && codec === 'none') return rowAlign ? { ...field, rowAlign } : field;
    const { codecLibrary, codecLevel, rowAlign: before, ...rest } = field;
    if (codec === 'none')
      return { ...rest, codec, ...(isRagged(field) && { rowAlign: rowAlign ?? leastAlign(field) }) };
    const by =
      zstd && storageOf(field).codec
        ? { codecLibrary: zstd.library, codecLevel: zstd.level }
        : { codecLibrary, codecLevel };
    return { ...rest, codec, ...by, rowAlign: rowAlign ?? (field.codec === codec ? before : 1) };
  });
  return parseSchema({ ...schemaToJson(schema), fields }, 'schema');
}

/** Whether raw rows of the field differ in length. */
export function isRagged(field: Field): boolean {
  return field.kind !== 'tensor' || field.shape.includes(null);
}

function leastAlign(field: Field): number {
  return field.kind === 'tensor' ? dtypes[field.dtype].bytes : 1;
}

/**
 * Turns stored rows of one schema into those of another one of the same values: compresses and decompresses, and leaves
 * the bytes of the values as they are. Rows whose codec stays are passed on untouched.
 *
 * What it returns is valid until the next call.
 */
export function rowRecoder(from: Schema, to: Schema, zstd: ZstdCompressor | undefined): Recoder | undefined {
  const before = planFields(from);
  const after = planFields(to);
  const recoders = before.map((plan, i) => fieldRecoder(plan, after[i]!, zstd));
  if (recoders.every((recode) => recode === undefined)) return undefined;
  return (sample, place) => {
    let bytes = 0;
    const rows: Uint8Array[] = [];
    const dims: Uint32Array[] = [];
    for (const [i, recode] of recoders.entries()) {
      const stored = { row: sample.rows[i]!, dims: sample.dims[i]! };
      const { row, dims: kept } = recode ? recode(stored, place) : stored;
      rows.push(row);
      dims.push(kept);
      bytes += row.length;
    }
    return { rows, dims, bytes };
  };
}

/** `place` says where the sample came from, for errors. */
export type Recoder = (sample: EncodedSample, place: { name: string; row: number }) => EncodedSample;

interface StoredRow {
  readonly row: Uint8Array;
  readonly dims: Uint32Array;
}

type FieldRecoder = (stored: StoredRow, place: { name: string; row: number }) => StoredRow;

function fieldRecoder(
  from: FieldPlan,
  to: FieldPlan,
  zstd: ZstdCompressor | undefined,
): FieldRecoder | undefined {
  const [a, b] = [from.field, to.field];
  const isSame = a.codec === b.codec && a.codecLibrary === b.codecLibrary && a.codecLevel === b.codecLevel;
  if (isSame) return undefined;
  return (stored, { name, row }) => {
    const place = { name, row, offset: 0 };
    const { bytes, shape } =
      a.codec === 'none'
        ? { bytes: stored.row, shape: shapeOfRow(from, stored.row.length, stored.dims, place) }
        : decompressRow(from, stored.row, stored.dims, place);
    const dims = dimsOf(to, bytes.length, shape);
    return { row: b.codec === 'none' ? bytes : zstd!.compress(bytes, b.codecLevel!), dims };
  };
}

function dimsOf(plan: FieldPlan, contentBytes: number, shape: readonly number[]): Uint32Array {
  if (!plan.storesDims) return NO_DIMS;
  if (plan.field.kind !== 'tensor') return Uint32Array.of(contentBytes);
  return Uint32Array.from(plan.raggedDims, (dim) => shape[dim]!);
}

const NO_DIMS = new Uint32Array(0);
