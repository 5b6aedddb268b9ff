import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/python/${name}`, import.meta.url));

test.each(['rows.jsonl', 'rows.jsonl.gz'])('objects of what Python wrote: %s', async (name) => {
  const source = await infer(golden(name));
  expect(source.schema.fields).toMatchObject([
    { name: 'id', dtype: 'int64', shape: [] },
    { name: 'score', dtype: 'float64', shape: [] },
    { name: 'ok', dtype: 'bool', shape: [] },
    { name: 'text', kind: 'utf8' },
    { name: 'tokens', dtype: 'int64', shape: [null] },
    { name: 'place', dtype: 'float64', shape: [2] },
    { name: 'more', kind: 'json' },
  ]);
  expect(await collect(source)).toEqual([
    { id: 1n, score: 1, ok: true, text: 'a\nb', tokens: [3, 1, 2], place: [0.5, 1], more: { x: [1, null] } },
    { id: -2n, score: 2.5, ok: false, text: 'Ü🎲', tokens: [], place: [2, -3.25], more: null },
    { id: 2n ** 53n - 1n, score: -0, ok: true, text: '', tokens: [2 ** 40], place: [1, 1], more: 'text' },
  ]);
});

test('a key that some objects lack is kept as JSON, null where it is not there', async () => {
  const path = fileOf('{"a":1}\n\n{"a":2,"b":"x"}');
  expect(await collect(await infer(path))).toEqual([
    { a: 1n, b: null },
    { a: 2n, b: 'x' },
  ]);
});

test.each([
  ['{"a":"x"}', 'ZC_CONVERT_MIXED', 'line 1001 has "x" as "a", not int64'],
  ['{}', 'ZC_CONVERT_MIXED', 'line 1001 has no "a"'],
  ['{"a":1,"b":2}', 'ZC_CONVERT_MIXED', 'line 1001 has "b", which the first lines have not'],
  ['[1]', 'ZC_CONVERT_SOURCE', 'line 1001 is not an object'],
  ['{"a":', 'ZC_CONVERT_SOURCE', 'line 1001 is not JSON'],
  ['{"a":12345678901234567890}', 'ZC_CONVERT_SOURCE', 'line 1001 has a whole number beyond 2^53'],
  ['{"a":18446744073709551615}', 'ZC_CONVERT_SOURCE', 'line 1001 has a whole number beyond 2^53'],
] as const)('a later line that does not fit is bad alone: %s', async (line, code, summary) => {
  const path = fileOf(`${'{"a":1}\n'.repeat(1000)}${line}\n{"a":2}\n`);
  const rows: { error?: { summary: string } }[] = [];
  for await (const row of (await infer(path)).rows(1000)) rows.push(row as (typeof rows)[0]);
  expect(rows).toMatchObject([{ error: { code, path, offset: 8000 } }, { sample: { a: 2n } }]);
  expect(rows[0]!.error!.summary).toContain(summary);
});

test('where every line has a number that is too long, that is what is said', async () => {
  const path = fileOf('{"id":9007199254740993}\n'.repeat(3));
  expect(await failure('ZC_CONVERT_SOURCE', () => infer(path))).toMatchObject({
    path,
    offset: 0,
    details: { field: 'id' },
  });
});

test('a document of many lines is refused, with what makes lines of it', async () => {
  const path = fileOf(JSON.stringify([{ a: 1 }, { a: 2 }], undefined, 2));
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => infer(path));
  expect(error.advice).toContain('jq');
});

test('lines of text are samples, empty ones too', async () => {
  const path = fileOf('one, two\r\n\nthree 🎲');
  expect(await collect(await infer(path))).toEqual([
    { text: 'one, two' },
    { text: '' },
    { text: 'three 🎲' },
  ]);
});

test('lines that span chunks are whole', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => String(i).repeat(50_000));
  const path = fileOf(lines.join('\n'));
  expect((await collect(await infer(path))).map(({ text }) => text)).toEqual(lines);
});

function fileOf(content: string): string {
  const path = join(temporaryDirectory(), 'x');
  writeFileSync(path, content);
  return path;
}
