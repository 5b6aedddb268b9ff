import { elementsOf, type Field } from '../../src/index.js';

import type { Json } from './rewrite-shard.js';

/** A value of golden.json as the reader gives it. */
export function goldenValue(field: Field, plain: Json): unknown {
  if (field.kind === 'json' || field.kind === 'utf8') return plain;
  if (field.kind === 'bytes') return new Uint8Array(Buffer.from(plain.hex, 'hex'));
  if (field.shape.length > 0) {
    const { dtype, shape, hex } = plain;
    return { dtype, shape, data: elementsOf(field.dtype, new Uint8Array(Buffer.from(hex, 'hex'))) };
  }
  if (field.dtype === 'int64' || field.dtype === 'uint64') return BigInt(plain);
  return field.dtype === 'float32' ? Math.fround(plain) : plain;
}
