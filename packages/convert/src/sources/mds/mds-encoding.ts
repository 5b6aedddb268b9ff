import { ZcError } from '@zc/errors';
import { type Dtype, dtypes, elementsOf, type FieldSpec, field } from '@zc/format';
import { scalarReader } from '../npy-array.js';
import { decodeText } from '../text-bytes.js';

/** How the values of one column of MDS become those of a field. */
export interface MdsField {
  readonly spec: FieldSpec;
  /** @throws TypeError or RangeError saying why the bytes are no value */
  convert(bytes: Uint8Array): unknown;
}

/** The numbers by which an array tells its own dtype (streaming, `base/format/mds/encodings.py`). */
const DTYPES: Readonly<Record<number, Dtype>> = {
  8: 'uint8',
  9: 'int8',
  16: 'uint16',
  17: 'int16',
  18: 'float16',
  32: 'uint32',
  33: 'int32',
  34: 'float32',
  64: 'uint64',
  65: 'int64',
  66: 'float64',
};

/**
 * The field of a column.
 *
 * @param first the bytes of its first value, by which an array tells its dtype and dimensions
 * @throws ZC_CONVERT_UNSUPPORTED for an encoding that is not read, with the reason
 */
export function mdsField(
  encoding: string,
  first: Uint8Array,
  place: { name: string; path: string },
): MdsField {
  const scalar = encoding === 'int' ? 'int64' : Object.values(DTYPES).find((dtype) => dtype === encoding);
  if (scalar) return scalarField(scalar);
  const [kind, dtype, extents] = encoding.split(':');
  switch (kind) {
    case 'bytes':
      return { spec: field.bytes(), convert: (bytes) => bytes };
    case 'jpeg':
      return { spec: field.bytes({ mediaType: 'image/jpeg' }), convert: (bytes) => bytes };
    case 'png':
      return { spec: field.bytes({ mediaType: 'image/png' }), convert: (bytes) => bytes };
    case 'str':
      return { spec: field.text(), convert: decodeText };
    case 'str_int':
    case 'str_float':
    case 'str_decimal':
      return { spec: field.text(), convert: decodeText };
    case 'json':
      return { spec: field.json(), convert: (bytes) => JSON.parse(decodeText(bytes)) as unknown };
    case 'ndarray':
      return arrayField({ dtype, extents }, first, { ...place, encoding });
  }
  throw refused(encoding, place);
}

const REASONS: Readonly<Record<string, string>> = {
  pkl: 'only unpickling could read it, and a pickle may run any program',
  pil: 'it is the raw pixels of a Python library in a mode of its own',
  jpeg_array: 'it is a JPEG file whose pixels are meant',
  jpegarray: 'it is a JPEG file whose pixels are meant',
};

function refused(encoding: string, { name, path }: { name: string; path: string }): ZcError {
  const reason = REASONS[encoding] ?? 'it holds several values, or is not known';
  return new ZcError('ZC_CONVERT_UNSUPPORTED', `column "${name}" is encoded as ${encoding}: ${reason}`, {
    path,
    advice: 'Write the column again as bytes, jpeg, png, str, json, ndarray or a number.',
  });
}

function scalarField(dtype: Dtype): MdsField {
  const read = scalarReader(dtype);
  return {
    spec: field.scalar(dtype),
    convert(bytes) {
      if (bytes.length !== dtypes[dtype].bytes) throw new RangeError(`it has ${bytes.length} bytes`);
      return read(elementsOf(dtype, bytes));
    },
  };
}

function arrayField(
  told: { dtype: string | undefined; extents: string | undefined },
  first: Uint8Array,
  place: { name: string; path: string; encoding: string },
): MdsField {
  const dtype =
    told.dtype === undefined ? DTYPES[first[0] ?? 0] : Object.values(DTYPES).find((d) => d === told.dtype);
  if (dtype === undefined) throw refused(place.encoding, place);
  const hasDtype = told.dtype === undefined;
  if (told.extents !== undefined) {
    const shape = told.extents.split(',').map(Number);
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
      throw refused(place.encoding, place);
    return {
      spec: field.tensor(dtype, shape),
      convert: (bytes) => ({ dtype, shape, data: checked(dtype, shape, bytes) }),
    };
  }
  const { shape } = shapeIn(first, hasDtype ? 1 : 0);
  return {
    spec: field.tensor(
      dtype,
      shape.map(() => null),
    ),
    convert(bytes) {
      if (hasDtype && DTYPES[bytes[0] ?? 0] !== dtype) {
        throw new TypeError(`it is an array of ${DTYPES[bytes[0] ?? 0]}, the first one of ${dtype}`);
      }
      const own = shapeIn(bytes, hasDtype ? 1 : 0);
      return { dtype, shape: own.shape, data: checked(dtype, own.shape, bytes.subarray(own.end)) };
    },
  };
}

/** The shape before the elements: a byte with the number of dimensions and the width of an extent, and the extents. */
function shapeIn(bytes: Uint8Array, at: number): { shape: number[]; end: number } {
  const head = bytes[at];
  if (head === undefined) throw new RangeError('it has no shape');
  const dimensions = head >> 2;
  const width = 2 ** (head & 3);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, dim) => {
    const place = at + 1 + dim * width;
    if (width === 8) return Number(view.getBigUint64(place, true));
    return width === 4
      ? view.getUint32(place, true)
      : width === 2
        ? view.getUint16(place, true)
        : view.getUint8(place);
  });
  return { shape, end: at + 1 + dimensions * width };
}

function checked(dtype: Dtype, shape: readonly number[], bytes: Uint8Array) {
  const expected = shape.reduce((product, extent) => product * extent, dtypes[dtype].bytes);
  if (bytes.length === expected) return elementsOf(dtype, bytes);
  throw new RangeError(`its shape [${shape}] has ${expected} bytes, there are ${bytes.length}`);
}
