import { type FieldSpec, field } from '@zc/format';

/** How the cells of one column become the values of a field. */
export interface CsvColumn {
  readonly name: string;
  readonly spec: FieldSpec;
  /** The field's value; undefined where the cell is not of the field's type. */
  convert(cell: string): unknown;
}

/**
 * Settles the field of a column by the cells that were looked at; what fits no narrower kind is text.
 *
 * As with pandas, an empty cell among numbers is NaN, and makes all of them `float64`.
 */
export function csvColumn(name: string, cells: readonly string[]): CsvColumn {
  const { spec, convert } = kinds.find((kind) => cells.every((cell) => kind.convert(cell) !== undefined))!;
  return { name, spec, convert };
}

type Kind = Pick<CsvColumn, 'spec' | 'convert'>;

/** Narrow ones first. */
const kinds: readonly Kind[] = [
  { spec: field.scalar('bool'), convert: toBool },
  { spec: field.scalar('int64'), convert: toInteger },
  { spec: field.scalar('float64'), convert: toNumber },
  { spec: field.text(), convert: (cell) => cell },
];

function toBool(cell: string): boolean | undefined {
  if (/^true$/i.test(cell)) return true;
  return /^false$/i.test(cell) ? false : undefined;
}

function toInteger(cell: string): bigint | undefined {
  // A number that is written with leading zeros is a name: 007, 01067.
  if (!/^\s*[+-]?(0|[1-9]\d{0,18})\s*$/.test(cell)) return undefined;
  const value = BigInt(cell.trim().replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function toNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (text === '' || /^nan$/i.test(text)) return Number.NaN;
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
