import {
  decompressRow,
  type EncodedSample,
  type FieldPlan,
  planFields,
  type Schema,
  shapeOfRow,
} from '@zc/format';

/** The names of the fields in which two samples in stored form differ; `index` is their number, for errors. */
export type ContentComparison = (a: EncodedSample, b: EncodedSample, index: number) => string[];

/**
 * Compares the values of the fields that two schemas have in common: those of one name, kind and element type.
 *
 * Values are the same where their bytes and shapes are: NaN is equal to itself, and 0 is not -0.
 */
export function contentComparison(first: Schema, second: Schema): ContentComparison {
  const others = planFields(second);
  const pairs = planFields(first).flatMap((plan, i) => {
    const j = others.findIndex(({ field }) => isComparable(plan, { field }));
    return j < 0 ? [] : [{ name: plan.field.name, i, j, plan, other: others[j]! }];
  });
  return (a, b, index) =>
    pairs.flatMap(({ name, i, j, plan, other }) => {
      const left = { plan, row: a.rows[i]!, dims: a.dims[i]! };
      const right = { plan: other, row: b.rows[j]!, dims: b.dims[j]! };
      return sameContent(left, right, index) ? [] : [name];
    });
}

function isComparable({ field: a }: FieldPlan, { field: b }: Pick<FieldPlan, 'field'>): boolean {
  if (a.name !== b.name || a.kind !== b.kind) return false;
  return a.kind !== 'tensor' || b.kind !== 'tensor' || a.dtype === b.dtype;
}

interface StoredRow {
  readonly plan: FieldPlan;
  readonly row: Uint8Array;
  readonly dims: Uint32Array;
}

function sameContent(a: StoredRow, b: StoredRow, index: number): boolean {
  const sameBytes = Buffer.compare(a.row, b.row) === 0;
  const sameCodec = a.plan.field.codec === b.plan.field.codec;
  if (sameBytes && sameCodec && String(a.dims) === String(b.dims) && sameShapes(a.plan, b.plan)) return true;
  // Two frames may hold one value, and raw rows of different bytes do not.
  if (sameCodec && a.plan.field.codec === 'none' && !sameBytes) return false;
  const [left, right] = [content(a, index), content(b, index)];
  return String(left.shape) === String(right.shape) && Buffer.compare(left.bytes, right.bytes) === 0;
}

/** Whether dimensions that are stored alike mean the same. */
function sameShapes({ field: a }: FieldPlan, { field: b }: FieldPlan): boolean {
  return a.kind !== 'tensor' || b.kind !== 'tensor' || String(a.shape) === String(b.shape);
}

function content({ plan, row, dims }: StoredRow, index: number) {
  const place = { name: plan.field.name, row: index, offset: 0 };
  if (plan.field.codec !== 'none') return decompressRow(plan, row, dims, place);
  return { bytes: row, shape: shapeOfRow(plan, row.length, dims, place) };
}
