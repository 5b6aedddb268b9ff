import { ZcError } from '@zc/errors';
import { defineSchema, type Field, type FieldSpec } from '@zc/format';
import type { OpenedSource, SourceRow } from './sample-source.js';

/** A source of one field, and what messages call it: a file, an array in one. */
export interface RowColumn {
  readonly title: string;
  readonly path: string;
  readonly source: OpenedSource & { readonly samples: number; readonly bytes: number };
}

/**
 * Columns side by side: one sample a row of all of them.
 *
 * @param columns at least one
 * @throws ZC_CONVERT_MIXED where one has more rows than another
 */
export function sideBySide(
  columns: readonly RowColumn[],
  options: { facts: readonly string[] },
): OpenedSource {
  const { samples } = columns[0]!.source;
  const other = columns.find(({ source }) => source.samples !== samples);
  if (other !== undefined) {
    const { title, path, source } = other;
    throw new ZcError(
      'ZC_CONVERT_MIXED',
      `${title} has ${source.samples} rows, ${columns[0]!.title} has ${samples}`,
      {
        path,
        expected: samples,
        actual: source.samples,
        advice: 'Every array needs one row a sample; --include and --exclude choose arrays by their names.',
      },
    );
  }
  const fields = columns.map(({ source }) => source.schema.fields[0]!);
  return {
    schema: defineSchema(Object.fromEntries(fields.map((field) => [field.name, specOf(field)]))),
    samples,
    bytes: columns.reduce((sum, { source }) => sum + source.bytes, 0),
    facts: options.facts,
    async *rows(from): AsyncGenerator<SourceRow> {
      const iterators = columns.map(({ source }) => source.rows(from)[Symbol.asyncIterator]());
      try {
        for (let row = from; row < samples; row++) {
          const parts = await Promise.all(iterators.map((iterator) => iterator.next()));
          const rows = parts.map((part) => part.value as SourceRow);
          yield {
            sample: Object.assign({}, ...rows.map(({ sample }) => sample)),
            bytesRead: rows.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
          };
        }
      } finally {
        for (const iterator of iterators) await iterator.return?.();
      }
    },
  };
}

/** What the field was described by, its name apart. */
function specOf({ name: _, ...spec }: Field): FieldSpec {
  return spec as FieldSpec;
}
