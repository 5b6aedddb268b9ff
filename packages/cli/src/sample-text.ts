import type { Field, Tensor } from '@zc/format';

const ELEMENTS_SHOWN = 8;
const CHARACTERS_SHOWN = 200;
const BYTES_SHOWN = 16;

/** A value as JSON for people: tensors by their range and first elements, bytes by their length. */
export function summarizeValue(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'tensor':
      return field.shape.length === 0 ? plainScalar(value) : summarizeTensor(value as Tensor);
    case 'bytes': {
      const bytes = value as Uint8Array;
      const head = Buffer.from(bytes.subarray(0, BYTES_SHOWN)).toString('hex');
      return {
        mediaType: field.mediaType,
        bytes: bytes.length,
        head: more(head, bytes.length > BYTES_SHOWN),
      };
    }
    case 'utf8': {
      const text = value as string;
      return more(text.slice(0, CHARACTERS_SHOWN), text.length > CHARACTERS_SHOWN);
    }
    case 'json':
      return value;
  }
}

/** A value as JSON with nothing left out. */
export function completeValue(field: Field, value: unknown): unknown {
  if (field.kind === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if (field.kind !== 'tensor') return value;
  if (field.shape.length === 0) return plainScalar(value);
  const { dtype, shape, data } = value as Tensor;
  return { dtype, shape, data: Array.from<number | bigint, unknown>(data, plainNumber) };
}

function summarizeTensor({ dtype, shape, data }: Tensor): Record<string, unknown> {
  const summary = { dtype, shape, bytes: data.byteLength };
  const head = Array.from<number | bigint, unknown>(data.subarray(0, ELEMENTS_SHOWN), plainNumber);
  // The bits of half-precision numbers are not in the order of the numbers, and complex ones have none.
  if (data.length === 0 || dtype === 'float16' || dtype === 'bfloat16' || dtype === 'complex64') {
    return { ...summary, head };
  }
  let min = data[0]!;
  let max = data[0]!;
  for (const element of data) {
    if (element < min) min = element;
    if (element > max) max = element;
  }
  return { ...summary, min: plainNumber(min), max: plainNumber(max), head };
}

function plainScalar(value: unknown): unknown {
  return typeof value === 'number' ? plainNumber(value) : value;
}

/** JSON has no infinities and no NaN; they become strings rather than null. */
function plainNumber(value: number | bigint): unknown {
  return typeof value === 'bigint' || Number.isFinite(value) ? value : String(value);
}

function more(text: string, isCut: boolean): string {
  return isCut ? `${text}…` : text;
}
