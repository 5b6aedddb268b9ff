import { ZcError } from '@zc/errors';
import { defineSchema } from '@zc/format';
import type { Input } from '../../input.js';
import type { BadRow, SampleSource, SourceRow } from '../sample-source.js';
import { UnpackedFile, unpackedHead } from '../unpacked-file.js';
import { type Example, parseExample } from './example.js';
import { type ExampleField, exampleFields } from './example-fields.js';
import { isTfRecord, type TfRecord, tfRecords } from './records.js';

/** Examples that are looked at before the fields are settled. */
const LOOKED_AT = 100;

/**
 * TFRecord files of `tf.train.Example`, gzip too, one sample a record; the checksums of length and data are checked.
 *
 * What a feature is follows from the first hundred examples, see `exampleFields`.
 */
export const tfrecord: SampleSource = {
  name: 'tfrecord',

  async detect(input) {
    return !input.isDirectory && isTfRecord(unpackedHead(input));
  },

  async open(input) {
    const wire = await import('@bufbuild/protobuf/wire');
    const path = input.paths[0]!;
    const looked: Example[] = [];
    for await (const record of tfRecords(new UnpackedFile(input, path))) {
      const example = exampleOf(record);
      if (example instanceof ZcError) throw example;
      if (example.isSequence) {
        throw new ZcError(
          'ZC_CONVERT_UNSUPPORTED',
          'the records are of SequenceExample, whose lists are no fields',
          {
            path,
            offset: record.offset,
            advice: 'Write each step as a tf.train.Example, or each list as one feature.',
          },
        );
      }
      if (looked.push(example) === LOOKED_AT) break;
    }
    if (looked.length === 0) throw new ZcError('ZC_CONVERT_EMPTY', 'the file has no record', { path });
    const fields = exampleFields(looked, path);
    if (fields.length === 0) {
      throw new ZcError(
        'ZC_CONVERT_UNSUPPORTED',
        'the records are no tf.train.Example, or have no features',
        { path },
      );
    }

    function exampleOf({ bytes, offset }: TfRecord, of = path): Example | ZcError {
      try {
        return parseExample(wire, bytes);
      } catch (cause) {
        const what = `the record is no tf.train.Example: ${(cause as Error).message}`;
        return new ZcError('ZC_CONVERT_SOURCE', what, { path: of, offset, cause });
      }
    }

    return {
      schema: schemaOf(fields, path),
      samples: undefined,
      bytes: input.sizeBytes,
      facts: [
        `TFRecord: ${input.paths.length === 1 ? 'one file' : `${input.paths.length} files`}`,
        `fields by the first ${looked.length} examples`,
      ],
      rows: (from) => rowsOf(input, { fields, from, exampleOf }),
    };
  },
};

async function* rowsOf(
  input: Input,
  task: {
    fields: readonly ExampleField[];
    from: number;
    exampleOf(record: TfRecord, path: string): Example | ZcError;
  },
): AsyncGenerator<SourceRow | BadRow> {
  let skip = task.from;
  for (const path of input.paths) {
    const file = new UnpackedFile(input, path);
    for await (const record of tfRecords(file)) {
      if (skip > 0) {
        skip--;
        continue;
      }
      const bytesRead = file.takeBytesRead();
      const example = task.exampleOf(record, path);
      if (example instanceof ZcError) yield { error: example, bytesRead };
      else yield rowOf(task.fields, { example, path, offset: record.offset, bytesRead });
    }
  }
}

function rowOf(
  fields: readonly ExampleField[],
  found: { example: Example; path: string; offset: number; bytesRead: number },
): SourceRow | BadRow {
  const { example, path, offset, bytesRead } = found;
  const sample: [string, unknown][] = [];
  for (const { name, convert } of fields) {
    try {
      sample.push([name, convert(example.features.get(name))]);
    } catch (cause) {
      const what = `feature "${name}" is no value: ${(cause as Error).message}`;
      return {
        error: new ZcError('ZC_CONVERT_SOURCE', what, { path, offset, field: name, cause }),
        bytesRead,
      };
    }
  }
  const known = new Set(fields.map(({ name }) => name));
  const extra = [...example.features.keys()].find((name) => !known.has(name));
  if (extra !== undefined) {
    const what = `the example has a feature "${extra}" that the first ones lack`;
    return { error: new ZcError('ZC_CONVERT_MIXED', what, { path, offset, field: extra }), bytesRead };
  }
  return { sample: Object.fromEntries(sample), bytesRead, origin: `${path}@${offset}` };
}

function schemaOf(fields: readonly ExampleField[], path: string) {
  try {
    return defineSchema(Object.fromEntries(fields.map(({ name, spec }) => [name, spec])));
  } catch (cause) {
    if (!(cause instanceof ZcError)) throw cause;
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `its features make no schema: ${cause.summary}`, {
      path,
      cause,
    });
  }
}
