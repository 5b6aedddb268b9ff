import type { Dtype } from '@zc/format';

/** What a column of a table holds, in terms that Parquet and Arrow share. */
export type ColumnType =
  /** `unit`, of times, says what the number counts. */
  | { readonly kind: 'number'; readonly dtype: Dtype; readonly unit?: string }
  | { readonly kind: 'text' }
  | { readonly kind: 'binary' }
  /** `length` is null where it differs from row to row. */
  | { readonly kind: 'list'; readonly item: ColumnType; readonly length: number | null }
  | { readonly kind: 'struct'; readonly members: readonly Column[] }
  /** What no field can hold, and how else it could come. */
  | { readonly kind: 'unsupported'; readonly title: string; readonly advice: string };

/** A column by its name, or a member of a struct. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** The types that both formats have and no field can hold. */
export const unsupported = {
  decimal: {
    kind: 'unsupported',
    title: 'decimal numbers',
    advice: 'Cast it to float64 or to text before, for example with pyarrow: column.cast("float64").',
  },
  interval: {
    kind: 'unsupported',
    title: 'calendar intervals',
    advice: 'Cast it to a number of units, or leave it out.',
  },
  map: {
    kind: 'unsupported',
    title: 'maps',
    advice: 'Turn it into a list of structs, or leave it out.',
  },
  union: { kind: 'unsupported', title: 'unions', advice: 'Split it into a column for each type.' },
  nothing: { kind: 'unsupported', title: 'nothing but nulls', advice: 'Leave it out.' },
} as const satisfies Record<string, ColumnType>;

/** A type in words, for messages. */
export function describeType(type: ColumnType): string {
  switch (type.kind) {
    case 'number':
      return type.dtype;
    case 'list':
      return `lists of ${describeType(type.item)}`;
    case 'struct':
      return `structs of ${type.members.map(({ name }) => name).join(', ')}`;
    case 'unsupported':
      return type.title;
    default:
      return type.kind;
  }
}
