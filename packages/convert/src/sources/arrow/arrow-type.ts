import type { DataType, Field } from 'apache-arrow';
import { type Column, type ColumnType, unsupported } from '../tables/column-type.js';

type Arrow = typeof import('apache-arrow');

const TIME_UNITS = ['s', 'ms', 'us', 'ns'];

/** The columns of Arrow fields. */
export function arrowColumns(arrow: Arrow, fields: readonly Field[]): Column[] {
  return fields.map(({ name, type }) => ({ name, type: columnType(arrow, type) }));
}

function columnType(arrow: Arrow, type: DataType): ColumnType {
  const { Type, DataType: is } = arrow;
  const int64 = (unit: string): ColumnType => ({ kind: 'number', dtype: 'int64', unit });
  switch (type.typeId) {
    case Type.Null:
      return unsupported.nothing;
    case Type.Bool:
      return { kind: 'number', dtype: 'bool' };
    case Type.Int: {
      const { bitWidth, isSigned } = type as unknown as { bitWidth: 8 | 16 | 32 | 64; isSigned: boolean };
      return { kind: 'number', dtype: `${isSigned ? '' : 'u'}int${bitWidth}` };
    }
    case Type.Float:
      return { kind: 'number', dtype: (['float16', 'float32', 'float64'] as const)[precisionOf(type)]! };
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return { kind: 'text' };
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return { kind: 'binary' };
    case Type.Date:
      return unitOf(type) === 0
        ? { kind: 'number', dtype: 'int32', unit: 'days since 1970-01-01' }
        : int64('ms since 1970-01-01');
    case Type.Time: {
      const { bitWidth } = type as unknown as { bitWidth: 32 | 64 };
      return { kind: 'number', dtype: `int${bitWidth}`, unit: `${TIME_UNITS[unitOf(type)]} of the day` };
    }
    case Type.Timestamp:
      return int64(`${TIME_UNITS[unitOf(type)]} since 1970-01-01`);
    case Type.Duration:
      return int64(TIME_UNITS[unitOf(type)]!);
    case Type.Dictionary:
      return columnType(arrow, (type as unknown as { dictionary: DataType }).dictionary);
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList: {
      const length = is.isFixedSizeList(type) ? type.listSize : null;
      return { kind: 'list', item: columnType(arrow, type.children[0]!.type), length };
    }
    case Type.Struct:
      return { kind: 'struct', members: arrowColumns(arrow, type.children) };
    case Type.Decimal:
      return unsupported.decimal;
    case Type.Interval:
      return unsupported.interval;
    case Type.Map:
      return unsupported.map;
    default:
      return unsupported.union;
  }
}

function precisionOf(type: DataType): number {
  return (type as unknown as { precision: number }).precision;
}

function unitOf(type: DataType): number {
  return (type as unknown as { unit: number }).unit;
}
