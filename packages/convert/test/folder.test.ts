import { join } from 'node:path';
import type { Schema } from '@zc/format';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { folderOf } from './helpers/folder-of.js';
import { wavFile } from './helpers/wav-file.js';

const types = ({ fields }: Schema) =>
  Object.fromEntries(
    fields.map((field) => [field.name, field.kind === 'tensor' ? [field.dtype, field.shape] : field.kind]),
  );

test('recordings become int16 of their length, with the label of their name', async () => {
  const root = folderOf({
    '7_theo_0.wav': wavFile(Int16Array.of(1, -2, 3)),
    '0_theo_0.wav': wavFile(Int16Array.of(4)),
  });
  const source = await infer(root);
  expect(types(source.schema)).toEqual({ audio: ['int16', [null]], label: ['int64', []], name: 'utf8' });
  expect(source.schema.metadata).toEqual({ sample_rate: '8000', classes: '["0","7"]' });
  expect(source.samples).toBe(2);
  expect(await collect(source)).toEqual([
    { audio: Int16Array.of(4), label: 0n, name: '0_theo_0.wav' },
    { audio: Int16Array.of(1, -2, 3), label: 1n, name: '7_theo_0.wav' },
  ]);
});

test('several channels become a second dimension', async () => {
  const root = folderOf({ 'a.wav': wavFile(Int16Array.of(1, -1, 2, -2), { channels: 2 }) });
  const source = await infer(root);
  expect(types(source.schema)).toEqual({ audio: ['int16', [null, 2]], name: 'utf8' });
});

test('images stay encoded, with their media type and the label of their folder', async () => {
  const root = folderOf({ 'dog/1.jpg': Uint8Array.of(1), 'cat/9.jpg': Uint8Array.of(2, 3) });
  const source = await infer(root);
  expect(types(source.schema)).toEqual({ image: 'bytes', label: ['int64', []], name: 'utf8' });
  expect(source.schema.fields[0]).toMatchObject({ mediaType: 'image/jpeg' });
  expect((await collect(source)).map(({ label, name }) => [label, name])).toEqual([
    [0n, 'cat/9.jpg'],
    [1n, 'dog/1.jpg'],
  ]);
});

test('images of several formats share a field without media type', async () => {
  const source = await infer(folderOf({ 'a.jpg': '', 'b.png': '' }));
  expect(source.schema.fields[0]).toMatchObject({ name: 'image', kind: 'bytes' });
  expect(source.schema.fields[0]).not.toHaveProperty('mediaType');
});

test('texts become text', async () => {
  const source = await infer(folderOf({ 'a.txt': '\uFEFFgrüß', 'b.txt': '' }));
  expect(await collect(source)).toEqual([
    { text: 'grüß', name: 'a.txt' },
    { text: '', name: 'b.txt' },
  ]);
});

test('what has no known ending is kept as bytes', async () => {
  const source = await infer(folderOf({ a: 'x', 'b.unknown': 'y' }));
  expect(types(source.schema)).toEqual({ data: 'bytes', name: 'utf8' });
});

test('a folder of different kinds is refused, naming each with an example', async () => {
  const root = folderOf({ 'README.md': '', 'a.wav': wavFile(Int16Array.of(1)) });
  const error = await failure('ZC_CONVERT_MIXED', () => infer(root));
  expect(error.summary).toContain('1 files (README.md), 1 WAV recordings (a.wav)');
  expect(error.advice).toContain('--include');
});

test.each([
  ['channels', wavFile(Int16Array.of(1, 2), { channels: 2 }), 'ZC_CONVERT_MIXED'],
  ['sample rate', wavFile(Int16Array.of(1), { sampleRate: 16000 }), 'ZC_CONVERT_MIXED'],
  ['format', new TextEncoder().encode('not a recording'), 'ZC_CONVERT_SOURCE'],
] as const)('a recording of another %s stops with its name', async (_what, second, code) => {
  const root = folderOf({ 'a.wav': wavFile(Int16Array.of(1)), 'b.wav': second });
  const source = await infer(root);
  const error = await failure(code, () => collect(source));
  expect(error.path).toBe(join(root, 'b.wav'));
});

test('text that is not UTF-8 stops with its name', async () => {
  const root = folderOf({ 'a.txt': Uint8Array.of(0xff) });
  const source = await infer(root);
  const error = await failure('ZC_CONVERT_SOURCE', () => collect(source));
  expect(error.path).toBe(join(root, 'a.txt'));
});
