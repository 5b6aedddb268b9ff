import type { Field } from '@zc/format';

/** A field's type in one word: `uint8[224,224,3]`, `int16[null]`, `int64`, `bytes (image/jpeg)`, `utf8`. */
export function describeField(field: Field): string {
  if (field.kind === 'tensor') {
    return field.shape.length === 0 ? field.dtype : `${field.dtype}[${field.shape.map(String).join(',')}]`;
  }
  if (field.kind === 'bytes' && field.mediaType !== undefined) return `bytes (${field.mediaType})`;
  return field.kind;
}
