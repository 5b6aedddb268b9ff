import { ZcError } from '@zc/errors';
import {
  type Dtype,
  dtypes,
  elementsOf,
  type Field,
  type FieldSpec,
  numberToHalf,
  type Shape,
  type TensorSpec,
  type TypedArray,
  toFloat32,
} from '@zc/format';
import { nested } from '../sinks/elements.js';

/** Turns a value of one type into one of another; what it throws is a plain Error with the reason. */
export type Cast = (value: unknown) => unknown;

/**
 * How values of a field become values of another type; nothing is lost but the precision of floats.
 *
 * @throws ZC_ARGUMENT with the reason, where no value could
 */
export function castOf(from: Field, to: FieldSpec): Cast {
  if (from.kind === to.kind && to.kind !== 'tensor') return (value) => value;
  switch (`${from.kind} ${to.kind}`) {
    case 'tensor tensor':
      return tensorToTensor(from as TensorSpec & Field, to as TensorSpec);
    case 'bytes tensor':
      return bytesToTensor(from, to as TensorSpec);
    case 'bytes utf8':
      return (value) => utf8.decode(value as Uint8Array);
    case 'bytes json':
      return (value) => JSON.parse(utf8.decode(value as Uint8Array));
    case 'utf8 bytes':
      return (value) => new TextEncoder().encode(value as string);
    case 'utf8 json':
      return (value) => JSON.parse(value as string);
    case 'json utf8':
      return (value) => (typeof value === 'string' ? value : JSON.stringify(value));
    case 'utf8 tensor':
      return textToScalar(from, to as TensorSpec);
    case 'tensor utf8':
      if ((from as TensorSpec).shape.length === 0) return (value) => String(value);
      break;
    case 'json tensor':
      return jsonToTensor(to as TensorSpec);
    case 'tensor json':
      return tensorToJson(from as TensorSpec & Field);
  }
  throw refused(from, `${from.kind} does not become ${to.kind}`);
}

function tensorToTensor(from: Field & TensorSpec, to: TensorSpec): Cast {
  const product = (shape: Shape) => shape.reduce<number>((all, extent) => all * (extent ?? 1), 1);
  const isFixed = (shape: Shape) => !shape.includes(null);
  if (isFixed(from.shape) && isFixed(to.shape) && product(from.shape) !== product(to.shape)) {
    const count = `${product(from.shape)} elements, not ${product(to.shape)}`;
    throw refused(from, `[${shapeText(from.shape)}] has ${count}, and a reshape keeps them`);
  }
  const sameRank = from.shape.length === to.shape.length;
  if (!sameRank && to.shape.filter((extent) => extent === null).length > 1) {
    throw refused(from, `of [${shapeText(to.shape)}] more than one dimension is open`);
  }
  if ((from.dtype === 'complex64') !== (to.dtype === 'complex64')) {
    throw refused(from, `${from.dtype} does not become ${to.dtype}`);
  }
  const toElements = elementCast(from.dtype, to.dtype);
  const { lanes } = dtypes[to.dtype];
  return (value) => {
    const { data, shape } = tensorOf(value, from);
    const elements = toElements(data);
    if (to.shape.length === 0) return scalarOf(to.dtype, elements);
    return {
      data: elements,
      shape: settled(to.shape, elements.length / lanes, sameRank ? shape : undefined),
    };
  };
}

function bytesToTensor(from: Field, to: TensorSpec): Cast {
  const { mediaType } = from as { mediaType?: string };
  if (mediaType !== undefined && mediaType !== 'application/octet-stream') {
    throw refused(from, `it holds ${mediaType}, which is decoded with --decode first`);
  }
  const { bytes, lanes } = dtypes[to.dtype];
  return (value) => {
    const raw = value as Uint8Array;
    if (raw.length % bytes !== 0) throw new Error(`${raw.length} bytes are no whole ${to.dtype} elements`);
    const data = elementsOf(to.dtype, raw);
    if (to.shape.length === 0) return scalarOf(to.dtype, data);
    return { data, shape: settled(to.shape, data.length / lanes) };
  };
}

function textToScalar(from: Field, to: TensorSpec): Cast {
  if (to.shape.length > 0)
    throw refused(from, 'a text is one number at most: leave the shape out, or take json');
  return (value) => numberIn((value as string).trim(), to.dtype);
}

function numberIn(text: string, dtype: Dtype): unknown {
  if (dtype === 'bool' && (text === 'true' || text === 'false')) return text === 'true';
  const number = text === '' ? Number.NaN : Number(text);
  const isNaNText = /^[+-]?nan$/i.test(text);
  if (Number.isNaN(number) && !isNaNText) throw new Error(`"${text.slice(0, 40)}" is no number`);
  return is64(dtype) && /^[+-]?\d+$/.test(text) ? BigInt(text) : number;
}

function jsonToTensor(to: TensorSpec): Cast {
  return (value) => {
    if (to.shape.length === 0) return value;
    const shape: number[] = [];
    for (let inner = value; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
    if (shape.length === 0 || !isOfShape(value, shape))
      throw new Error('it is no array of arrays of one length');
    const data = (value as unknown[]).flat(Number.POSITIVE_INFINITY);
    const count = data.length;
    return { data, shape: settled(to.shape, count, shape.length === to.shape.length ? shape : undefined) };
  };
}

/** Whether every array is as long as the first one of its depth: rows of other lengths may add up to the same count. */
function isOfShape(value: unknown, shape: readonly number[], depth = 0): boolean {
  if (!Array.isArray(value)) return depth === shape.length;
  return value.length === shape[depth] && value.every((inner) => isOfShape(inner, shape, depth + 1));
}

/** Nested arrays, a level a dimension; of a scalar the element itself. A complex number is a pair. */
function tensorToJson(from: Field & TensorSpec): Cast {
  const { lanes } = dtypes[from.dtype];
  return (value) => {
    const { data, shape } = tensorOf(value, from);
    const own = shape ?? settled(from.shape, data.length / lanes);
    const elements = isHalf(from.dtype) ? toFloat32({ dtype: from.dtype, data: data as Uint16Array }) : data;
    return nested({ elements, shape: lanes > 1 ? [...own, lanes] : own }, (element) =>
      from.dtype === 'bool' ? element === 1 : exactNumber(element),
    );
  };
}

function exactNumber(element: number | bigint): number {
  const number = Number(element);
  if (typeof element === 'bigint' && !Number.isSafeInteger(number)) {
    throw new Error(`${element} is beyond 2^53, which JSON does not keep to the last digit`);
  }
  return number;
}

/** The shape of that many elements: open dimensions as the old shape has them, or the one there is by the count. */
function settled(wanted: Shape, count: number, old?: readonly number[]): number[] {
  const rest = wanted.reduce<number>((all, extent) => all * (extent ?? 1), 1);
  const shape = wanted.map((extent, i) => extent ?? old?.[i] ?? count / rest);
  const product = shape.reduce((all, extent) => all * extent, 1);
  if (shape.every(Number.isInteger) && product === count) return shape;
  throw new Error(`${count} elements do not fill shape [${shapeText(wanted)}]`);
}

function tensorOf(
  value: unknown,
  { dtype, shape }: TensorSpec,
): { data: TypedArray; shape?: readonly number[] } {
  const given = value as { data?: TypedArray; shape?: readonly number[] };
  if (shape.length === 0 && !ArrayBuffer.isView(value)) return { data: arrayOf(dtype, [value]) };
  const data = given?.data ?? (value as TypedArray);
  const array = Array.isArray(data) ? arrayOf(dtype, data) : data;
  const found = given?.shape ?? (shape.includes(null) ? undefined : (shape as readonly number[]));
  return found === undefined ? { data: array } : { data: array, shape: found };
}

function arrayOf(dtype: Dtype, values: readonly unknown[]): TypedArray {
  const { array } = dtypes[dtype];
  const out = new array(values.length);
  for (const [i, value] of values.entries()) {
    const element = is64(dtype) ? BigInt(value as number) : Number(value);
    out[i] = isHalf(dtype) ? numberToHalf(dtype, element as number) : element;
  }
  return out;
}

/** Elements of another dtype; integers that do not fit are refused. */
function elementCast(from: Dtype, to: Dtype): (data: TypedArray) => TypedArray {
  if (from === to) return (data) => data;
  return (data) => {
    const numbers = isHalf(from) ? toFloat32({ dtype: from, data: data as Uint16Array }) : data;
    const out = new dtypes[to].array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i] as number | bigint;
      if (isFloat(to)) {
        out[i] = isHalf(to) ? numberToHalf(to, Number(value)) : Number(value);
        continue;
      }
      const element = is64(to) ? wholeBigInt(value) : Number(value);
      if (element !== undefined) out[i] = element;
      const fits = out[i] === element && (to !== 'bool' || element === 0 || element === 1);
      if (!fits) throw new Error(`${value} is no ${to}`);
    }
    return out;
  };
}

function wholeBigInt(value: number | bigint): bigint | undefined {
  return typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value) : undefined;
}

function scalarOf(dtype: Dtype, data: TypedArray): unknown {
  if (data.length !== dtypes[dtype].lanes) throw new Error(`${data.length} elements are no scalar`);
  if (dtype === 'bool') return data[0] === 1;
  if (dtype === 'complex64') return data;
  return isHalf(dtype) ? toFloat32({ dtype, data: data as Uint16Array })[0] : data[0];
}

const is64 = (dtype: Dtype) => dtype === 'int64' || dtype === 'uint64';
const isHalf = (dtype: Dtype): dtype is 'float16' | 'bfloat16' => dtype === 'float16' || dtype === 'bfloat16';
const isFloat = (dtype: Dtype) => isHalf(dtype) || dtype === 'float32' || dtype === 'float64';
const shapeText = (shape: Shape) => shape.map(String).join(',');
const utf8 = new TextDecoder('utf-8', { fatal: true });

function refused(from: Field, why: string): ZcError {
  return new ZcError('ZC_ARGUMENT', `field: "${from.name}" cannot be changed so: ${why}`, {
    actual: from.kind,
  });
}
