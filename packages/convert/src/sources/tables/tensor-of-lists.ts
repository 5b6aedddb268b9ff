import { type Dtype, dtypes, numberToHalf, type TypedArray } from '@zc/format';

/** Elements whose shape is known already, which need no looking through nested lists. */
export class Dense {
  readonly data: TypedArray;
  readonly shape: readonly number[];

  constructor(data: TypedArray, shape: readonly number[]) {
    this.data = data;
    this.shape = shape;
  }
}

/**
 * Nested lists as a tensor.
 *
 * @param wanted the extents of the field; those of empty lists are taken from it where it has them
 * @throws TypeError saying why these lists are no tensor: a null, or rows of different lengths
 */
export function tensorOfLists(
  value: unknown,
  dtype: Dtype,
  wanted: readonly (number | null)[],
): { data: TypedArray; shape: number[] } {
  const rank = wanted.length;
  const extents: (number | undefined)[] = Array(rank).fill(undefined);
  const parts: ArrayLike<unknown>[] = [];
  const settle = (dim: number, extent: number) => {
    if (extents[dim] === undefined) extents[dim] = extent;
    else if (extents[dim] !== extent) {
      throw new TypeError(`its lists are of different lengths, ${extents[dim]} and ${extent}`);
    }
  };
  const visit = (part: unknown, dim: number): void => {
    if (part instanceof Dense) {
      for (const [i, extent] of part.shape.entries()) settle(dim + i, extent);
      parts.push(part.data);
      return;
    }
    if (!isList(part)) throw new TypeError(part === null ? 'it holds a null' : 'it holds no list');
    settle(dim, part.length);
    if (dim === rank - 1) parts.push(part);
    else for (const inner of part as ArrayLike<unknown> & Iterable<unknown>) visit(inner, dim + 1);
  };
  visit(value, 0);
  const [only] = parts;
  const shape = extents.map((extent, dim) => extent ?? wanted[dim] ?? 0);
  const { array } = dtypes[dtype];
  if (parts.length === 1 && only instanceof array) return { data: only as TypedArray, shape };
  const data = new array(parts.reduce((sum, { length }) => sum + length, 0)) as TypedArray;
  let at = 0;
  for (const part of parts) {
    if (part instanceof array) {
      data.set(part as never, at);
      at += part.length;
    } else for (let i = 0; i < part.length; i++) data[at++] = elementOf(dtype, part[i]) as never;
  }
  return { data, shape };
}

/** One element as the array of its dtype holds it. @throws TypeError for a null and for what is no number */
export function elementOf(dtype: Dtype, value: unknown): number | bigint {
  if (value === null || value === undefined) throw new TypeError('it holds a null');
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (dtype === 'int64' || dtype === 'uint64') return BigInt(value as bigint | number);
  if (typeof value !== 'number') throw new TypeError(`it holds a ${typeof value} where a number belongs`);
  return dtype === 'float16' || dtype === 'bfloat16' ? numberToHalf(dtype, value) : value;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
