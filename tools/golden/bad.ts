import { defineSchema, field, limits } from '@zc/format';
import {
  type Json,
  withFooter,
  withFooterText,
  withTableBlock,
  withTail,
} from '../../packages/format/test/helpers/rewrite-shard.js';
import { encodeGolden } from './encode.js';

/** A shard whose checksums are right and whose content is not, and what reading all of it ends with. */
export interface BadShard {
  readonly file: string;
  /** `null`: it looks wrong and is not. */
  readonly code: string | null;
  readonly bytes: Uint8Array;
}

/** One shard for each class of defect (specification, section 14). */
export async function badShards(): Promise<BadShard[]> {
  const { bytes: empty } = await encodeGolden({
    file: '',
    schema: defineSchema({ text: field.text(), label: field.scalar('int32') }),
    samples: [],
  });
  const { bytes: full } = await encodeGolden({
    file: '',
    schema: defineSchema({ grid: field.tensor('float32', [null, null]), json: field.json() }),
    samples: [{ grid: { data: new Float32Array(0), shape: [0, 2] }, json: [1] }],
  });
  const footer = (change: (footer: Json) => unknown) => withFooter(empty, (json) => void change(json));
  const text = (change: (text: string) => string) => withFooterText(empty, change(footerText(empty)));
  const fields = (change: (text: Json, label: Json) => unknown) =>
    footer(({ schema }) => change(schema.fields[0], schema.fields[1]));
  const dims = (height: number, width: number) =>
    withTableBlock(full, partOf(full, 0, 'dims'), (view) => {
      view.setUint32(0, height, true);
      view.setUint32(4, width, true);
    });
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const shards: Record<string, [string | null, Uint8Array]> = {
    'tail-cut': ['ZC_FORMAT_TRUNCATED', empty.slice(0, -1)],
    'tail-u64': ['ZC_FORMAT_LIMIT', withTail(empty, { footerOffset: 2 ** 53 })],
    'tail-longer': ['ZC_FORMAT_TRUNCATED', withTail(empty, { fileBytes: limits.FILE_BYTES_MAX * 2 })],
    'tail-shorter': ['ZC_FORMAT_FOOTER', withTail(empty, { fileBytes: 4160 })],
    'footer-elsewhere': ['ZC_FORMAT_FOOTER', withTail(empty, { footerOffset: 8192 })],
    'footer-no-json': ['ZC_FORMAT_FOOTER', text((json) => `${json}}`)],
    'footer-other-format': ['ZC_FORMAT_FOOTER', footer((json) => Object.assign(json, { format: 'x' }))],
    'footer-version-of-booleans': [
      'ZC_FORMAT_FOOTER',
      footer((json) => Object.assign(json, { version: [true, 0] })),
    ],
    'footer-too-many-samples': [
      'ZC_FORMAT_LIMIT',
      footer((json) => Object.assign(json, { samples: 2 ** 32 })),
    ],
    'footer-spaced': [null, text((json) => ` ${json.replaceAll(',', ',\n')}`)],
    'footer-numbers-as-fractions': [null, text((json) => json.replace('"samples":0', '"samples":0.0e0'))],
    'footer-deep': [null, text((json) => json.replace('{', `{"later":${nested(199)},`))],
    'footer-too-deep': ['ZC_FORMAT_LIMIT', text((json) => json.replace('{', `{"later":${nested(200)},`))],
    'footer-prototype': [null, text((json) => json.replace('{', '{"__proto__":{"samples":5},'))],
    'layout-no-region': ['ZC_FORMAT_FOOTER', footer(({ layout }) => delete layout[0].region)],
    'layout-no-checksums': ['ZC_FORMAT_TABLE', footer(({ layout }) => delete layout[0].checksums)],
    'layout-superfluous-dims': [
      'ZC_FORMAT_TABLE',
      footer(({ layout }) => Object.assign(layout[0], { dims: [4096, 0] })),
    ],
    'layout-endless-table': [
      'ZC_FORMAT_TABLE',
      footer(({ layout }) => Object.assign(layout[0], { ends: [4096, 2 ** 53 - 1] })),
    ],
    'layout-rows-without-samples': [
      'ZC_FORMAT_FOOTER',
      footer(({ layout }) => Object.assign(layout[0], { region: [4096, 1] })),
    ],
    'schema-missing': ['ZC_FORMAT_SCHEMA', footer((json) => delete json.schema)],
    'schema-rowalign-of-a-fixed-field': [
      'ZC_FORMAT_SCHEMA',
      fields((_, label) => Object.assign(label, { rowAlign: 4 })),
    ],
    'schema-shape-of-a-text': ['ZC_FORMAT_SCHEMA', fields((field) => Object.assign(field, { shape: [] }))],
    'schema-codec-level-without-codec': [
      'ZC_FORMAT_SCHEMA',
      fields((field) => Object.assign(field, { codecLevel: 3 })),
    ],
    'schema-lone-surrogate': [
      'ZC_FORMAT_SCHEMA',
      footer(({ schema }) => Object.assign(schema, { metadata: { a: '\ud800' } })),
    ],
    'schema-name-of-an-object': [
      null,
      footer(({ schema }) => {
        schema.fields[0].name = '__proto__';
        schema.main = '__proto__';
      }),
    ],
    'schema-metadata-of-an-object': [
      null,
      text((json) => json.replace('"main":', '"metadata":{"__proto__":"a","constructor":"b"},"main":')),
    ],
    'schema-row-too-long': [
      'ZC_FORMAT_LIMIT',
      fields((field) =>
        Object.assign(field, { kind: 'tensor', dtype: 'uint8', shape: [null, 2 ** 30 + 1], checksum: 'row' }),
      ),
    ],
    'ends-backwards': [
      'ZC_FORMAT_TABLE',
      withTableBlock(full, partOf(full, 1, 'ends'), (view) => view.setUint32(0, 2, true)),
    ],
    'ends-u64': [
      'ZC_FORMAT_LIMIT',
      withTableBlock(full, partOf(full, 1, 'ends'), (view) => view.setUint32(4, 2 ** 21, true)),
    ],
    'dims-contradict': ['ZC_FORMAT_TABLE', dims(1, 2)],
    'dims-empty': [null, dims(0, 2 ** 28)],
    'dims-impossible': ['ZC_FORMAT_LIMIT', dims(0, 2 ** 28 + 1)],
  };
  return Object.entries(shards).map(([name, [code, bytes]]) => ({ file: `${name}.zcs`, code, bytes }));
}

function footerText(shard: Uint8Array): string {
  let text = '';
  withFooter(shard, (json) => {
    text = JSON.stringify(json);
  });
  return text;
}

function partOf(shard: Uint8Array, fieldNumber: number, part: string): number {
  let offset = 0;
  withFooter(shard, ({ layout }) => {
    offset = layout[fieldNumber][part][0];
  });
  return offset;
}
