import { type Dtype, defineSchema, dtypes, elementsOf, field, type Tensor } from '@zc/format';
import type { Golden } from './encode.js';

/** Every dtype, kind and layout rule of the format, in shards that are as small as they can be. */
export function goldenShards(): Golden[] {
  return [
    ...(Object.keys(dtypes) as Dtype[]).map(everyDtype),
    scalars(),
    audio(),
    ragged(),
    tokens(),
    texts(),
    media(),
    aligned(),
    empty(),
    emptyVariable(),
    wideRows(),
    mainSecond(),
    explained(),
  ];
}

/** Fixed and ragged tensors of one dtype; floating-point bits include NaNs, infinities and subnormals. */
function everyDtype(dtype: Dtype): Golden {
  const schema = defineSchema({
    fixed: field.tensor(dtype, [2, 3]),
    ragged: field.tensor(dtype, [null]),
  });
  const samples = [0, 1, 2].map((i) => ({
    fixed: tensor(dtype, [2, 3], i + 1),
    ragged: tensor(dtype, [i * 2], i + 11),
  }));
  return { file: `dtype-${dtype}.zcs`, schema, samples };
}

function scalars(): Golden {
  const schema = defineSchema({
    bool: field.scalar('bool'),
    uint8: field.scalar('uint8'),
    int8: field.scalar('int8'),
    uint16: field.scalar('uint16'),
    int16: field.scalar('int16'),
    uint32: field.scalar('uint32'),
    int32: field.scalar('int32'),
    uint64: field.scalar('uint64'),
    int64: field.scalar('int64'),
    float16: field.scalar('float16'),
    bfloat16: field.scalar('bfloat16'),
    float32: field.scalar('float32'),
    float64: field.scalar('float64'),
    complex64: field.scalar('complex64'),
  });
  const samples = [
    {
      bool: true,
      uint8: 255,
      int8: -128,
      uint16: 65535,
      int16: -32768,
      uint32: 4294967295,
      int32: -2147483648,
      uint64: 2n ** 64n - 1n,
      int64: -(2n ** 63n),
      float16: 65504,
      bfloat16: -1.5,
      float32: 0.5,
      float64: 0.1,
      complex64: [1.25, -2.5],
    },
    {
      bool: false,
      uint8: 0,
      int8: 127,
      uint16: 1,
      int16: 32767,
      uint32: 2,
      int32: 2147483647,
      uint64: 2n ** 53n + 1n,
      int64: -1n,
      float16: 2 ** -14,
      bfloat16: 256,
      float32: -0.25,
      float64: 1e300,
      complex64: [0, 4],
    },
  ];
  return { file: 'scalars.zcs', schema, samples };
}

/** Recordings of different lengths, one of them empty, and what is said of them. */
function audio(): Golden {
  const schema = defineSchema(
    { audio: field.tensor('int16', [null]), label: field.scalar('int64'), speaker: field.text() },
    { metadata: { license: 'CC0-1.0', sampleRate: '8000', 'größe': 'klein' } },
  );
  const samples = [700, 0, 1, 2300].map((length, i) => ({
    audio: tensor('int16', [length], i + 5),
    label: BigInt(i) - 1n,
    speaker: ['george', '', 'Jürgen', '\ufeff\u{1f600}'][i],
  }));
  return { file: 'audio.zcs', schema, samples };
}

/** Tensors whose shapes need the table of dimensions, and one ragged dimension that does not. */
function ragged(): Golden {
  const schema = defineSchema({
    points: field.tensor('float32', [null, 3]),
    grid: field.tensor('float32', [null, null]),
    mixed: field.tensor('uint8', [null, 2, null]),
  });
  const samples = [
    [0, 0, 0, 0, 5],
    [4, 2, 3, 3, 1],
    [1, 7, 0, 1, 4],
  ].map(([a, b, c, d, e], i) => ({
    points: tensor('float32', [a!, 3], i + 1),
    grid: tensor('float32', [b!, c!], i + 2),
    mixed: tensor('uint8', [d!, 2, e!], i + 3),
  }));
  return { file: 'ragged.zcs', schema, samples };
}

/** A token stream: checksums by block over several blocks, more rows than a block of `ends` holds. */
function tokens(): Golden {
  const schema = defineSchema({ tokens: field.tensor('uint16', [null]) });
  const samples = Array.from({ length: 600 }, (_, i) => ({
    tokens: tensor('uint16', [(i * 7) % 23], i + 1),
  }));
  return { file: 'tokens.zcs', schema, samples };
}

function texts(): Golden {
  const schema = defineSchema({ text: field.text(), json: field.json() });
  const json = [
    null,
    { b: 1, a: [true, false, null], '': '', é: 'é', '\u{1f600}': '\u2028' },
    [1e21, 1e-7, 0.1, -0, 333333333.33333329, 9007199254740991, 5e-324],
    'a\u0000"\\\u001f\u007f/',
    { nested: { z: {}, a: [] } },
    42,
  ];
  const text = ['plain', '', 'zwei\nZeilen', '\u{1f469}\u200d\u{1f52c}', 'x'.repeat(5000), '\u0000'];
  return { file: 'texts.zcs', schema, samples: json.map((value, i) => ({ text: text[i], json: value })) };
}

function media(): Golden {
  const schema = defineSchema({
    photo: field.bytes({ mediaType: 'image/jpeg' }),
    blob: field.bytes({ checksum: 'block' }),
    label: field.scalar('uint8'),
  });
  const samples = [3000, 0, 17].map((length, i) => ({
    photo: noise(length, i + 1),
    blob: noise(length * 2, i + 9),
    label: i,
  }));
  return { file: 'media.zcs', schema, samples };
}

/** Rows on wider borders than their elements need, and the zeros between them. */
function aligned(): Golden {
  const schema = defineSchema({
    rows: field.tensor('int32', [null], { rowAlign: 64 }),
    blocks: field.bytes({ rowAlign: 4096, checksum: 'block' }),
  });
  const samples = [1, 0, 16, 17].map((length, i) => ({
    rows: tensor('int32', [length], i + 1),
    blocks: noise(length * 10, i + 4),
  }));
  return { file: 'aligned.zcs', schema, samples };
}

function empty(): Golden {
  const schema = defineSchema({ image: field.tensor('uint8', [8, 8]), label: field.scalar('int32') });
  return { file: 'empty.zcs', schema, samples: [] };
}

function emptyVariable(): Golden {
  const schema = defineSchema({ text: field.text(), grid: field.tensor('int8', [null, null]) });
  return { file: 'empty-variable.zcs', schema, samples: [] };
}

/** Rows wide enough for checksums of their own. */
function wideRows(): Golden {
  const schema = defineSchema({ image: field.tensor('uint8', [32, 33]), label: field.scalar('uint16') });
  const samples = [0, 1, 2].map((i) => ({ image: tensor('uint8', [32, 33], i + 1), label: i * 1000 }));
  return { file: 'wide-rows.zcs', schema, samples };
}

/** The main field is not the first, and more than 1022 rows need two blocks of checksums. */
function mainSecond(): Golden {
  const schema = defineSchema(
    { label: field.scalar('uint8'), name: field.text({ checksum: 'row' }), vector: field.tensor('uint8', [3]) },
    { main: 'name' },
  );
  const samples = Array.from({ length: 1030 }, (_, i) => ({
    label: i % 256,
    name: i % 10 === 0 ? `row ${i}` : '',
    vector: tensor('uint8', [3], i + 1),
  }));
  return { file: 'main-second.zcs', schema, samples };
}

/** The shard that the specification shows and explains. */
function explained(): Golden {
  const schema = defineSchema({ label: field.scalar('uint16'), word: field.text() });
  const samples = [
    { label: 7, word: 'seven' },
    { label: 513, word: 'zwölf' },
  ];
  return { file: 'explained.zcs', schema, samples };
}

/** A tensor of bits that look random and are always the same. */
function tensor<D extends Dtype>(dtype: D, shape: number[], seed: number): Tensor<D> {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const bytes = noise(elements * dtypes[dtype].bytes, seed);
  if (dtype === 'bool') for (let i = 0; i < bytes.length; i++) bytes[i]! &= 1;
  return { dtype, shape, data: elementsOf(dtype, bytes) };
}

/** Bytes of a linear congruential generator. */
function noise(length: number, seed: number): Uint8Array {
  let state = (seed * 2654435761) >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
