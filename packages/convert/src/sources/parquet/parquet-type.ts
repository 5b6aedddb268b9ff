import type { SchemaElement, SchemaTree } from 'hyparquet';
import { type Column, type ColumnType, unsupported } from '../tables/column-type.js';

/** The columns of a Parquet schema (parquet-format, LogicalTypes.md). */
export function parquetColumns(root: SchemaTree): Column[] {
  return root.children.map((node) => ({ name: node.element.name, type: columnType(node) }));
}

function columnType(node: SchemaTree): ColumnType {
  const { element } = node;
  if (element.repetition_type === 'REPEATED') return { kind: 'list', item: present(node), length: null };
  return present(node);
}

/** The type of one value, whether or not the node repeats. */
function present(node: SchemaTree): ColumnType {
  const { element, children } = node;
  if (children.length === 0) return leafType(element);
  const { converted_type: converted, logical_type: logical } = element;
  if (converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP') return unsupported.map;
  if (converted === 'LIST' || logical?.type === 'LIST') return listType(node);
  if (logical?.type === 'VARIANT')
    return { kind: 'unsupported', title: 'variants', advice: 'Cast it to text before.' };
  return { kind: 'struct', members: parquetColumns(node) };
}

/** Three levels as the format wants them, or two as older writers left them. */
function listType({ children }: SchemaTree): ColumnType {
  const [repeated] = children;
  const isThreeLevels = repeated!.children.length === 1;
  const item = isThreeLevels ? columnType(repeated!.children[0]!) : present(repeated!);
  return { kind: 'list', item, length: null };
}

const TIME_UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const;

function leafType({ type, converted_type: converted, logical_type: logical }: SchemaElement): ColumnType {
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return unsupported.decimal;
  if (converted === 'INTERVAL' || logical?.type === 'INTERVAL') return unsupported.interval;
  if (logical?.type === 'NULL') return unsupported.nothing;
  switch (logical?.type) {
    case 'TIMESTAMP':
      return { kind: 'number', dtype: 'int64', unit: `${TIME_UNITS[logical.unit]} since 1970-01-01` };
    case 'TIME':
      return {
        kind: 'number',
        dtype: type === 'INT32' ? 'int32' : 'int64',
        unit: `${TIME_UNITS[logical.unit]} of the day`,
      };
    case 'INTEGER':
      return {
        kind: 'number',
        dtype: `${logical.isSigned ? '' : 'u'}int${logical.bitWidth as 8 | 16 | 32 | 64}`,
      };
    case 'FLOAT16':
      return { kind: 'number', dtype: 'float16' };
    case 'UUID':
      return { kind: 'text' };
  }
  switch (converted) {
    case 'TIMESTAMP_MILLIS':
      return { kind: 'number', dtype: 'int64', unit: 'ms since 1970-01-01' };
    case 'TIMESTAMP_MICROS':
      return { kind: 'number', dtype: 'int64', unit: 'us since 1970-01-01' };
    case 'TIME_MILLIS':
      return { kind: 'number', dtype: 'int32', unit: 'ms of the day' };
    case 'TIME_MICROS':
      return { kind: 'number', dtype: 'int64', unit: 'us of the day' };
    case 'DATE':
      return { kind: 'number', dtype: 'int32', unit: 'days since 1970-01-01' };
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text' };
  }
  const integer = /^(U?)INT_(8|16|32|64)$/.exec(converted ?? '');
  if (integer) return { kind: 'number', dtype: `${integer[1] ? 'u' : ''}int${Number(integer[2]) as 8}` };
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'number', dtype: 'bool' };
    case 'INT32':
      return { kind: 'number', dtype: 'int32' };
    case 'INT64':
      return { kind: 'number', dtype: 'int64' };
    case 'INT96':
      return { kind: 'number', dtype: 'int64', unit: 'ns since 1970-01-01' };
    case 'FLOAT':
      return { kind: 'number', dtype: 'float32' };
    case 'DOUBLE':
      return { kind: 'number', dtype: 'float64' };
    default:
      return { kind: 'binary' };
  }
}

/** Columns with the extents of fixed-size lists, which Parquet lacks and the Arrow schema beside it may tell. */
export function withExtents(columns: readonly Column[], described: readonly Column[]): Column[] {
  const types = new Map(described.map(({ name, type }) => [name, type]));
  return columns.map(({ name, type }) => ({ name, type: extended(type, types.get(name)) }));
}

function extended(type: ColumnType, described: ColumnType | undefined): ColumnType {
  if (type.kind !== 'list' || described?.kind !== 'list') return type;
  return { kind: 'list', item: extended(type.item, described.item), length: described.length };
}
