import type { Dtype, Field, TensorField } from '@zc/format';
import type { SchemaElement } from 'hyparquet';
import type { ColumnSource } from 'hyparquet-writer';
import { nested, plainElements } from './elements.js';
import { isImageOrAudio } from './schema-metadata.js';

/** An element of a list weighs this much while it is encoded: itself and its two levels, in growing arrays. */
const LIST_ELEMENT_BYTES = 32;

/** Rows of one field on their way into a Parquet column. */
export class ParquetColumn {
  readonly field: Field;
  /** The column in the file's schema, its lists before what they hold. */
  readonly elements: SchemaElement[];
  #values: unknown[] = [];

  constructor(field: Field) {
    this.field = field;
    this.elements = elementsOf(field);
  }

  get name(): string {
    return this.field.name;
  }

  /** Takes a value and tells what it weighs in memory while it is encoded. */
  append(value: unknown): number {
    const { field } = this;
    switch (field.kind) {
      case 'bytes':
        this.#values.push(isImageOrAudio(field) ? { bytes: value, path: null } : value);
        return 2 * (value as Uint8Array).length;
      case 'utf8':
      case 'json': {
        const text = field.kind === 'utf8' ? (value as string) : JSON.stringify(value);
        this.#values.push(text);
        return 4 * text.length;
      }
      case 'tensor': {
        const plain = plainElements(field, value);
        this.#values.push(nested<unknown>(plain, field.dtype === 'bool' ? Boolean : (element) => element));
        return LIST_ELEMENT_BYTES * Math.max(1, plain.elements.length);
      }
    }
  }

  /** The rows since the last call. */
  take(): ColumnSource {
    const data = this.#values;
    this.#values = [];
    const { field } = this;
    // Looking for repeated values among pixels or encoded media would cost more than it finds.
    const isPlain = field.kind === 'bytes' || (field.kind === 'tensor' && field.shape.length > 0);
    return {
      name: field.name,
      data,
      ...(isPlain && { encoding: 'PLAIN', statistics: false }),
      ...(field.kind === 'bytes' && field.mediaType !== undefined && { codec: 'UNCOMPRESSED' }),
    };
  }
}

function elementsOf(field: Field): SchemaElement[] {
  const { name } = field;
  switch (field.kind) {
    case 'bytes':
      if (!isImageOrAudio(field)) return [{ name, ...binary }];
      return [
        { name, repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', ...binary },
        { name: 'path', ...text },
      ];
    case 'utf8':
    case 'json':
      return [{ name, ...text }];
    case 'tensor':
      return tensorElements(field);
  }
}

// Nothing is null, but `datasets` takes a column for an image or a class only where it could be.
const binary = { type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' } as const;
const text = { ...binary, converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

function tensorElements({ name, dtype, shape }: TensorField): SchemaElement[] {
  const dimensions = shape.length + (dtype === 'complex64' ? 1 : 0);
  const lists = Array.from({ length: dimensions }, (_, dim): SchemaElement[] => [
    {
      name: dim === 0 ? name : 'element',
      repetition_type: 'OPTIONAL',
      num_children: 1,
      converted_type: 'LIST',
      logical_type: { type: 'LIST' },
    },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ]).flat();
  const leaf = dimensions === 0 ? name : 'element';
  return [...lists, { name: leaf, repetition_type: 'OPTIONAL', ...physicalTypes[dtype] }];
}

function integer(bitWidth: 8 | 16 | 32 | 64, isSigned: boolean): Partial<SchemaElement> {
  return {
    type: bitWidth === 64 ? 'INT64' : 'INT32',
    // Not as a logical type: the library writes its width as 32 bits where Thrift wants 8, which others refuse.
    converted_type: `${isSigned ? 'INT' : 'UINT'}_${bitWidth}`,
  };
}

const physicalTypes: Readonly<Record<Dtype, Partial<SchemaElement>>> = {
  bool: { type: 'BOOLEAN' },
  uint8: integer(8, false),
  int8: integer(8, true),
  uint16: integer(16, false),
  int16: integer(16, true),
  uint32: integer(32, false),
  int32: integer(32, true),
  uint64: integer(64, false),
  int64: integer(64, true),
  float16: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } },
  bfloat16: { type: 'FLOAT' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  complex64: { type: 'FLOAT' },
};
