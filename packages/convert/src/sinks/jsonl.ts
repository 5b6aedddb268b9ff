import { ZcError } from '@zc/errors';
import type { Field, Schema, TensorField } from '@zc/format';
import { nested, plainElements } from './elements.js';
import { OutputFile } from './output-file.js';
import type { SampleSink } from './sample-sink.js';

/**
 * JSON Lines: one object a line, its keys in the order of the schema.
 *
 * Tensors are nested arrays, bytes are base64. Integers are written with all their digits, which Python reads
 * exactly and JavaScript up to 2^53; JSON has no word for NaN and the infinities, so a sample that holds one is
 * refused.
 */
export const jsonl: SampleSink = {
  name: 'jsonl',
  extension: '.jsonl',
  layout: 'file',

  check({ fields }) {
    const encoded = fields.filter(({ kind }) => kind === 'bytes').map(({ name }) => name);
    const tensors = fields.filter(({ kind }) => kind === 'tensor').map(({ name }) => name);
    return [
      ...(encoded.length > 0 ? [`base64 text: ${encoded.join(', ')}`] : []),
      ...(tensors.length > 0 ? [`numbers without their dtype: ${tensors.join(', ')}`] : []),
    ];
  },

  async open(path, { schema }) {
    const file = await OutputFile.create(path);
    const encoder = new TextEncoder();
    return {
      get bytes() {
        return file.bytes;
      },
      write: (sample, row) => file.write(encoder.encode(lineOf(schema, sample, row))),
      finish: () => file.finish(),
      close: () => file.close(),
    };
  },
};

function lineOf({ fields }: Schema, sample: Readonly<Record<string, unknown>>, row: number): string {
  const members = fields.map(
    (field) => `${JSON.stringify(field.name)}: ${textOf(field, sample[field.name], row)}`,
  );
  return `{${members.join(', ')}}\n`;
}

function textOf(field: Field, value: unknown, row: number): string {
  switch (field.kind) {
    case 'tensor':
      return tensorText(field, value, row);
    case 'bytes': {
      const { buffer, byteOffset, byteLength } = value as Uint8Array;
      return JSON.stringify(Buffer.from(buffer, byteOffset, byteLength).toString('base64'));
    }
    default:
      return JSON.stringify(value);
  }
}

function tensorText(field: TensorField, value: unknown, row: number): string {
  const isBool = field.dtype === 'bool';
  const isFloat = /float|complex/.test(field.dtype);
  const texts = nested(plainElements(field, value), (element) => {
    if (isBool) return element === 1 ? 'true' : 'false';
    if (typeof element === 'bigint') return String(element);
    if (Number.isFinite(element)) return isFloat ? floatText(element) : String(element);
    throw new ZcError(
      'ZC_CONVERT_UNSUPPORTED',
      `row ${row} of field "${field.name}" holds ${element}, for which JSON has no word`,
      {
        field: field.name,
        row,
        advice: 'Export it to npy, parquet or arrow, or leave the field out with --fields.',
      },
    );
  });
  return joined(texts);
}

/** Also whole numbers with a point, so that who reads the line sees a float. */
function floatText(number: number): string {
  const text = Object.is(number, -0) ? '-0' : String(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Nested arrays of texts as one text. */
function joined(texts: unknown): string {
  return Array.isArray(texts) ? `[${texts.map(joined).join(', ')}]` : (texts as string);
}
