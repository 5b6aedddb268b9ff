import { BLOCK_BYTES } from './block.js';
import type { ChecksumUnit, Field, Schema } from './schema.js';
import { elementBytesOf, isFixed, stepBytesOf } from './schema-resolve.js';
import { tableBytes } from './tables.js';

/** A run of bytes in the file. */
export interface Part {
  readonly offset: number;
  readonly length: number;
}

/** How the rows of a field are stored, as far as the schema alone says it (specification, section 7). */
export interface FieldPlan {
  readonly field: Field;
  readonly fixed: boolean;
  /** Bytes of a row of a fixed field; 0 for a variable one. */
  readonly rowBytes: number;
  /** Bytes of one element of the stored rows; 1 for `bytes`, `utf8`, `json` and compressed rows. */
  readonly elementBytes: number;
  /** Bytes that a tensor row has for each step along its ragged dimensions together; 1 for other kinds. */
  readonly stepBytes: number;
  /** Places of the ragged dimensions in the shape. */
  readonly raggedDims: readonly number[];
  /** Whether the table `dims` is there. */
  readonly storesDims: boolean;
  /** Entries that a row has in it: its ragged dimensions, or the decoded length of a compressed text or run of bytes. */
  readonly dimsPerRow: number;
  /** Alignment of rows in the region; 1 for fixed fields. */
  readonly rowAlign: number;
  readonly checksumUnit: ChecksumUnit;
}

/** A field's plan and where its parts lie in one shard. */
export interface FieldLayout extends FieldPlan {
  readonly region: Part;
  readonly ends?: Part;
  readonly dims?: Part;
  readonly checksums: Part;
}

/** What follows from a field alone: whether its rows are fixed, and how long they and their elements are. */
export function planField(field: Field): FieldPlan {
  const isTensor = field.kind === 'tensor';
  const fixed = isFixed(field);
  const raggedDims = isTensor ? field.shape.flatMap((extent, i) => (extent === null ? [i] : [])) : [];
  const dimsPerRow = dimsPerRowOf(field, raggedDims.length);
  return {
    field,
    fixed,
    rowBytes: fixed && isTensor ? stepBytesOf(field) : 0,
    elementBytes: elementBytesOf(field),
    stepBytes: isTensor ? stepBytesOf(field) : 1,
    raggedDims,
    storesDims: dimsPerRow > 0,
    dimsPerRow,
    rowAlign: field.rowAlign ?? 1,
    checksumUnit: field.checksum,
  };
}

/** What the row's own length does not tell (specification, section 7.3). */
function dimsPerRowOf({ kind, codec }: Field, raggedDims: number): number {
  if (codec === 'none') return raggedDims > 1 ? raggedDims : 0;
  return kind === 'tensor' ? raggedDims : 1;
}

/**
 * Bytes that a shape would have if its dimensions of 0 were 1: at most `ROW_BYTES_MAX`, for an empty array of
 * impossible dimensions is one that other libraries cannot make (specification, section 7.3).
 */
export function spanOfShape({ stepBytes, raggedDims }: FieldPlan, shape: readonly number[]): number {
  return raggedDims.reduce((bytes, dim) => bytes * (shape[dim] || 1), stepBytes);
}

/** The same for each field of a schema, in its order. */
export function planFields(schema: Schema): FieldPlan[] {
  return schema.fields.map(planField);
}

/** Bytes that each table of a field has, `undefined` where the field has no such table. */
export interface TableLengths {
  readonly ends: number | undefined;
  readonly dims: number | undefined;
  readonly checksums: number;
}

/** The lengths of a field's tables (specification, section 8). */
export function tableLengths(plan: FieldPlan, samples: number, regionBytes: number): TableLengths {
  return {
    ends: plan.fixed ? undefined : tableBytes('u64', samples),
    dims: plan.storesDims ? tableBytes('u32', samples * plan.dimsPerRow) : undefined,
    checksums: tableBytes('u32', checksumCount(plan, samples, regionBytes)),
  };
}

/** Number of checksums that a field has. */
export function checksumCount(plan: FieldPlan, samples: number, regionBytes: number): number {
  return plan.checksumUnit === 'row' ? samples : Math.ceil(regionBytes / BLOCK_BYTES);
}

/** The fields in the order of their regions in the file: the main one first (specification, section 2). */
export function regionOrder<P extends FieldPlan>(plans: readonly P[], main: string): P[] {
  return [
    ...plans.filter(({ field }) => field.name === main),
    ...plans.filter(({ field }) => field.name !== main),
  ];
}
