import { type Field, type Schema, schemaToJson } from '@zc/format';

/** Under this key a table's metadata holds the schema as a shard has it, so that packing it again loses nothing. */
export const SCHEMA_KEY = 'zc.schema';

/** The metadata of a table: our schema, and the features by which Hugging Face `datasets` reads it. */
export function tableMetadata(schema: Schema): Map<string, string> {
  return new Map([
    [SCHEMA_KEY, JSON.stringify(schemaToJson(schema))],
    ['huggingface', JSON.stringify({ info: { features: featuresOf(schema) } })],
  ]);
}

/** Whether a field's bytes are what `datasets` keeps as a struct of `bytes` and `path`, and decodes when asked. */
export function isImageOrAudio(field: Field): boolean {
  return field.kind === 'bytes' && /^(image|audio)\//.test(field.mediaType ?? '');
}

function featuresOf({ fields, metadata }: Schema): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.name, featureOf(field, metadata)]));
}

function featureOf(field: Field, metadata: Readonly<Record<string, string>>): unknown {
  switch (field.kind) {
    case 'utf8':
    case 'json':
      return { dtype: 'string', _type: 'Value' };
    case 'bytes':
      if (field.mediaType?.startsWith('image/')) return { _type: 'Image' };
      if (field.mediaType?.startsWith('audio/')) return { _type: 'Audio' };
      return { dtype: 'binary', _type: 'Value' };
    case 'tensor': {
      const names = field.name === 'label' && field.shape.length === 0 ? classNames(metadata) : undefined;
      if (names && field.dtype === 'int64') return { names, _type: 'ClassLabel' };
      const shape = field.dtype === 'complex64' ? [...field.shape, 2] : field.shape;
      return shape.reduceRight<unknown>(
        (feature, extent) => ({ feature, ...(extent !== null && { length: extent }), _type: 'List' }),
        { dtype: valueType(field.dtype), _type: 'Value' },
      );
    }
  }
}

function valueType(dtype: string): string {
  return dtype === 'bfloat16' || dtype === 'complex64' ? 'float32' : dtype;
}

function classNames({ classes }: Readonly<Record<string, string>>): unknown {
  if (classes === undefined) return undefined;
  const names: unknown = JSON.parse(classes);
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}
