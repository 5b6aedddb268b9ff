import { ZcError } from '@zc/errors';
import { type Dtype, dtypes, type FieldSpec, field } from '@zc/format';

/**
 * Reads a field's type as it is printed: `uint8[224,224,3]`, `int16[null]`, `int64`, `utf8`, `json`, `bytes`,
 * `bytes (image/jpeg)`.
 *
 * @throws ZC_ARGUMENT
 */
export function parseFieldType(text: string, name: string): FieldSpec {
  const type = text.trim();
  if (type === 'utf8' || type === 'text') return field.text();
  if (type === 'json') return field.json();
  const [isBytes, mediaType] = /^bytes\s*(?:\(\s*([^()\s]+)\s*\))?$/.exec(type) ?? [];
  if (isBytes !== undefined) return field.bytes(mediaType === undefined ? {} : { mediaType });
  const [isTensor, dtype, extents] = /^(\w+)\s*(?:\[([^\]]*)\])?$/.exec(type) ?? [];
  if (isTensor === undefined || !Object.hasOwn(dtypes, dtype!)) throw refused(text, name);
  const shape = (extents ?? '').split(',').map((extent) => extent.trim());
  const isScalar = shape.length === 1 && shape[0] === '';
  return field.tensor(dtype as Dtype, isScalar ? [] : shape.map((extent) => extentOf(extent, text, name)));
}

function extentOf(extent: string, text: string, name: string): number | null {
  if (extent === 'null') return null;
  if (/^[1-9]\d*$/.test(extent)) return Number(extent);
  throw refused(text, name);
}

function refused(text: string, name: string): ZcError {
  return new ZcError('ZC_ARGUMENT', `"${text}" is no type for field "${name}"`, {
    actual: text,
    advice:
      `A type is a dtype (${Object.keys(dtypes).join(', ')}) with a shape, such as uint8[224,224,3] or int16[null] ` +
      'for a dimension that differs; or utf8, json, bytes, bytes(image/jpeg).',
  });
}
