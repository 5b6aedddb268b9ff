import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { type PackProgress, pack, preview } from '../src/index.js';
import { folderOf } from './helpers/folder-of.js';
import { wavFile } from './helpers/wav-file.js';

const recordings = () =>
  folderOf(
    Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `${i % 4}_ann_${i}.wav`,
        wavFile(Int16Array.from({ length: i * 50 }, (_, t) => i * 1000 - t)),
      ]),
    ),
  );

test('every sample is there, in order, over several shards', async () => {
  const output = join(temporaryDirectory(), 'train');
  const report = await pack({ input: recordings(), output, shardBytes: 20_000 });
  expect(report).toMatchObject({ samples: 40, bytes: expect.any(Number), seconds: expect.any(Number) });
  expect(report.shards).toBeGreaterThan(3);
  await using dataset = await openDataset(output);
  const names: string[] = [];
  for await (const row of dataset.rows()) {
    const { audio, label, name } = row as unknown as {
      audio: { data: Int16Array };
      label: bigint;
      name: string;
    };
    const [, number] = /_(\d+)\.wav$/.exec(name)!;
    const i = Number(number);
    expect(label).toBe(BigInt(i % 4));
    expect(audio.data).toEqual(Int16Array.from({ length: i * 50 }, (_, t) => i * 1000 - t));
    names.push(name);
  }
  expect(names).toEqual([...names].sort());
  expect(new Set(names).size).toBe(40);
});

test('the same input gives the same bytes', async () => {
  const input = recordings();
  const digests = [];
  for (const output of [join(temporaryDirectory(), 'a'), join(temporaryDirectory(), 'b')]) {
    await pack({ input, output, shardBytes: 20_000 });
    const hash = createHash('sha256');
    for (const name of readdirSync(output).sort()) hash.update(name).update(readFileSync(join(output, name)));
    digests.push(hash.digest('hex'));
  }
  expect(digests[0]).toBe(digests[1]);
});

test('progress ends with all samples and all bytes of the input', async () => {
  const input = recordings();
  const seen: PackProgress[] = [];
  let found: number | undefined;
  await pack({
    input,
    output: join(temporaryDirectory(), 'x'),
    onPlan: ({ samples }) => {
      found = samples;
    },
    onProgress: (progress) => seen.push(progress),
  });
  const bytes = readdirSync(input).reduce((sum, name) => sum + readFileSync(join(input, name)).length, 0);
  expect(found).toBe(40);
  expect(seen.at(-1)).toEqual({ samples: 40, samplesTotal: 40, bytesRead: bytes, bytesTotal: undefined });
});

test('preview tells the schema and writes nothing', async () => {
  const parent = temporaryDirectory();
  const plan = await preview({ input: recordings(), output: join(parent, 'x') });
  expect(plan).toEqual({
    schema: expect.objectContaining({ main: 'audio' }),
    samples: 40,
    bytes: undefined,
    facts: expect.arrayContaining([expect.stringContaining('40 WAV recordings')]),
  });
  expect(readdirSync(parent)).toEqual([]);
});

test('an input is taken as the kind that is named', async () => {
  const input = folderOf({ 'a.npy': 'no array at all' });
  const error = await failure('ZC_CONVERT_SOURCE', () => preview({ input }));
  expect(error.path).toBe(join(input, 'a.npy'));
  expect((await preview({ input, from: 'folder' })).schema.main).toBe('data');
  const unknown = await failure('ZC_ARGUMENT', () => preview({ input, from: 'folders' }));
  expect(unknown.message).toContain('npy-folder, folder, npy');
});

test('a signal ends it, and nothing appears', async () => {
  const parent = temporaryDirectory();
  const controller = new AbortController();
  const run = () =>
    pack({
      input: recordings(),
      output: join(parent, 'x'),
      signal: controller.signal,
      onPlan: () => controller.abort(),
    });
  await failure('ZC_ABORTED', run);
  expect(readdirSync(parent)).toEqual([]);
});

test('a recording that cannot be read ends it with its name, and nothing appears', async () => {
  const input = recordings();
  writeFileSync(join(input, '3_ann_39.wav'), 'broken');
  const parent = temporaryDirectory();
  const error = await failure('ZC_CONVERT_SOURCE', () => pack({ input, output: join(parent, 'x') }));
  expect(error.path).toBe(join(input, '3_ann_39.wav'));
  expect(readdirSync(parent)).toEqual([]);
});

test('a dataset that is there is refused, unless it is to be replaced', async () => {
  const output = folderOf({ 'dataset.json': '{}' });
  await failure('ZC_IO_EXISTS', () => pack({ input: recordings(), output }));
  await pack({ input: recordings(), output, overwrite: true });
  await using dataset = await openDataset(output);
  expect(dataset.length).toBe(40);
});

test.each(['out', 'deeper/out', '.'])(
  'an output inside the input (%s) is refused, one beside it is not',
  async (at) => {
    const input = recordings();
    const before = readdirSync(input);
    const error = await failure('ZC_ARGUMENT', () =>
      pack({ input, output: join(input, at), overwrite: true }),
    );
    expect(error.message).toContain('the output lies in the input');
    expect(readdirSync(input)).toEqual(before);
    await pack({ input, output: `${input}-out` });
    rmSync(`${input}-out`, { recursive: true });
  },
);

test('a hidden link that leads nowhere, as editors make them, is no concern', async () => {
  const input = folderOf({ 'a.txt': 'a' });
  symlinkSync('nowhere', join(input, '.#a.txt'));
  expect(await pack({ input, output: join(temporaryDirectory(), 'out') })).toMatchObject({ samples: 1 });
});
