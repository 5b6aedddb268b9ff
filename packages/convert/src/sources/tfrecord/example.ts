import type { BinaryReader } from '@bufbuild/protobuf/wire';

type Wire = typeof import('@bufbuild/protobuf/wire');

/** The values of one feature of a `tf.train.Example`. */
export type Feature =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: Float32Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array };

/** What is in a record, by the numbers of the fields (tensorflow/core/example/example.proto and feature.proto). */
export interface Example {
  readonly features: ReadonlyMap<string, Feature>;
  /** Whether it has what only a `SequenceExample` has. */
  readonly isSequence: boolean;
}

/** @throws Error for what is no message, with the library's reason */
export function parseExample(wire: Wire, bytes: Uint8Array): Example {
  const features = new Map<string, Feature>();
  let isSequence = false;
  each(wire, bytes, (reader, number, wireType) => {
    if (number === 2) isSequence = true;
    if (number !== 1 || wireType !== wire.WireType.LengthDelimited) return false;
    each(wire, reader.bytes(), (inner, entry, type) => {
      if (entry !== 1 || type !== wire.WireType.LengthDelimited) return false;
      const [name, feature] = parseEntry(wire, inner.bytes());
      if (feature) features.set(name, feature);
      return true;
    });
    return true;
  });
  return { features, isSequence };
}

function parseEntry(wire: Wire, bytes: Uint8Array): [string, Feature | undefined] {
  let name = '';
  let feature: Feature | undefined;
  each(wire, bytes, (reader, number, type) => {
    if (type !== wire.WireType.LengthDelimited || number > 2) return false;
    if (number === 1) name = reader.string();
    else feature = parseFeature(wire, reader.bytes());
    return true;
  });
  return [name, feature];
}

function parseFeature(wire: Wire, bytes: Uint8Array): Feature | undefined {
  let feature: Feature | undefined;
  each(wire, bytes, (reader, number, type) => {
    if (type !== wire.WireType.LengthDelimited || number > 3) return false;
    const list = reader.bytes();
    if (number === 1) feature = { kind: 'bytes', values: bytesList(wire, list) };
    else if (number === 2)
      feature = { kind: 'float', values: Float32Array.from(numbers(wire, list, floatOf(wire))) };
    else feature = { kind: 'int64', values: BigInt64Array.from(numbers(wire, list, int64Of(wire))) };
    return true;
  });
  return feature;
}

function bytesList(wire: Wire, list: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
  each(wire, list, (reader, number, type) => {
    if (number !== 1 || type !== wire.WireType.LengthDelimited) return false;
    values.push(reader.bytes());
    return true;
  });
  return values;
}

interface NumberType<T> {
  readonly wireType: number;
  read(reader: BinaryReader): T;
}

const floatOf = (wire: Wire): NumberType<number> => ({
  wireType: wire.WireType.Bit32,
  read: (reader) => reader.float(),
});

const int64Of = (wire: Wire): NumberType<bigint> => ({
  wireType: wire.WireType.Varint,
  read: (reader) => BigInt(reader.int64()),
});

/** The numbers of a list, packed or one by one. */
function numbers<T>(wire: Wire, list: Uint8Array, type: NumberType<T>): T[] {
  const values: T[] = [];
  each(wire, list, (reader, number, wireType) => {
    if (number !== 1) return false;
    if (wireType === type.wireType) {
      values.push(type.read(reader));
      return true;
    }
    if (wireType !== wire.WireType.LengthDelimited) return false;
    const packed = new wire.BinaryReader(reader.bytes());
    while (packed.pos < packed.len) values.push(type.read(packed));
    return true;
  });
  return values;
}

/** Each field of a message; `take` says whether it took the field, else it is skipped. */
function each(
  wire: Wire,
  bytes: Uint8Array,
  take: (reader: BinaryReader, number: number, wireType: number) => boolean,
): void {
  const reader = new wire.BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (!take(reader, number, wireType)) reader.skip(wireType, number);
  }
}
