import { expect, test } from 'vitest';
import { defineSchema, field, type Manifest, parseManifest, serializeManifest } from '../src/index.js';
import type { Json } from './helpers/rewrite-shard.js';

const manifest: Manifest = {
  schema: defineSchema({ text: field.text() }),
  samples: 5,
  bytes: 9000,
  shards: [
    { name: 'a.zcs', bytes: 4500, samples: 5, uuid: 'd7ad2af0-31cf-8fb2-996e-ec7000e0a2db', sha256: null },
    {
      name: 'b.zcs',
      bytes: 4500,
      samples: 0,
      uuid: 'd7ad2af0-31cf-8fb2-996e-ec7000e0a2db',
      sha256: '0'.repeat(64),
    },
  ],
};

function codeWith(change: (json: Json) => void): string | undefined {
  const json = JSON.parse(serializeManifest(manifest));
  change(json);
  try {
    parseManifest(JSON.stringify(json), 'dataset.json');
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('is read as it was written, canonical and with a line feed', () => {
  const text = serializeManifest(manifest);
  expect(text).toMatch(/^\{"bytes":9000,"format":"zc-dataset",.*\}\n$/);
  expect(parseManifest(text, 'dataset.json')).toEqual(manifest);
});

test('unknown keys and a greater minor version are accepted', () => {
  expect(
    codeWith((json) => {
      json.later = {};
      json.shards[0].later = 1;
      json.version = [1, 9];
    }),
  ).toBeUndefined();
});

test.each(['../a', 'a/b', 'a\\b', '.', '..', '', 'a\nb', 'x'.repeat(256), '\ud800', '/etc/passwd'])(
  'the name %j is refused',
  (name) => {
    expect(
      codeWith((json) => {
        json.shards[0].name = name;
      }),
    ).toBe('ZC_FORMAT_MANIFEST');
  },
);

test.each<[string, (json: Json) => void]>([
  ['another format', (m) => Object.assign(m, { format: 'zc-shard' })],
  ['no version', (m) => Object.assign(m, { version: null })],
  ['a wrong sum of samples', (m) => Object.assign(m, { samples: 6 })],
  ['a wrong sum of bytes', (m) => Object.assign(m, { bytes: 1 })],
  ['a name that comes twice', (m) => Object.assign(m.shards[1], { name: 'a.zcs' })],
  [
    'a UUID of another version',
    (m) => Object.assign(m.shards[0], { uuid: 'd7ad2af0-31cf-4fb2-996e-ec7000e0a2db' }),
  ],
  ['a SHA-256 in capitals', (m) => Object.assign(m.shards[1], { sha256: 'A'.repeat(64) })],
  ['a missing SHA-256', (m) => delete m.shards[1].sha256],
  ['negative samples', (m) => Object.assign(m.shards[1], { samples: -1 })],
])('%s is refused', (_, change) => {
  expect(codeWith(change)).toBe('ZC_FORMAT_MANIFEST');
});

test.each<[string, (json: Json) => void]>([
  ['ZC_FORMAT_VERSION', (m) => Object.assign(m, { version: [2, 0] })],
  ['ZC_FORMAT_SCHEMA', (m) => delete m.schema],
  ['ZC_FORMAT_LIMIT', (m) => Object.assign(m.shards[0], { bytes: 2 ** 44 + 1 })],
  ['ZC_FORMAT_LIMIT', (m) => Object.assign(m.shards[0], { samples: 2 ** 32 })],
  ['ZC_FORMAT_LIMIT', (m) => Object.assign(m, { shards: Array(1_000_001).fill(0) })],
])('%s', (code, change) => {
  expect(codeWith(change)).toBe(code);
});

test('bytes that are no UTF-8 are refused', () => {
  const bytes = new TextEncoder().encode(serializeManifest(manifest));
  expect(parseManifest(bytes, 'dataset.json')).toEqual(manifest);
  bytes[bytes.indexOf(0x61)] = 0xff;
  expect(() => parseManifest(bytes, 'dataset.json')).toThrow(/ZC_FORMAT_MANIFEST/);
});

test('what is no JSON is refused', () => {
  expect(() => parseManifest('{', 'dataset.json')).toThrow(/ZC_FORMAT_MANIFEST dataset.json: .*not JSON/);
});
