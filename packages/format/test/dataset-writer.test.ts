import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { defineSchema, field, serializeManifest } from '../src/index.js';
import { DatasetWriter, openDataset, readManifest } from '../src/node/index.js';
import { firstWords, runChild, startChild } from './helpers/run-child.js';

const schema = defineSchema({ photo: field.bytes(), label: field.scalar('int32') });
const sampleOf = (i: number) => ({ photo: new Uint8Array(1000).fill(i), label: i });

async function write(directory: string, count: number, options = {}) {
  const writer = await DatasetWriter.create(directory, { schema, shardBytes: 10_040, ...options });
  for (let i = 0; i < count; i++) await writer.append(sampleOf(i));
  return writer.finish();
}

test('a dataset is published whole, and read back', async () => {
  const directory = join(temporaryDirectory(), 'made/on the way/train');
  const shards: string[] = [];
  const manifest = await write(directory, 25, { onShard: ({ name }: { name: string }) => shards.push(name) });
  expect(readdirSync(directory).sort()).toEqual(['dataset.json', ...shards]);
  expect(shards).toEqual(['shard-000000.zcs', 'shard-000001.zcs', 'shard-000002.zcs']);
  // 1004 bytes a sample: ten fill a shard to the byte.
  expect(manifest.shards.map(({ samples }) => samples)).toEqual([10, 10, 5]);
  expect(readFileSync(join(directory, 'dataset.json'), 'utf8')).toBe(serializeManifest(manifest));
  for (const { name, bytes, sha256 } of manifest.shards) {
    const file = readFileSync(join(directory, name));
    expect(file.length).toBe(bytes);
    expect(createHash('sha256').update(file).digest('hex')).toBe(sha256);
  }
  await using dataset = await openDataset<typeof schema>(directory);
  expect(dataset.length).toBe(25);
  expect(await dataset.get(17)).toEqual(sampleOf(17));
  await expect(dataset.get(25)).rejects.toMatchObject({ code: 'ZC_INDEX_RANGE' });
  const labels = [];
  for await (const { label } of dataset.rows()) labels.push(label);
  expect(labels).toEqual(Array.from({ length: 25 }, (_, i) => i));
});

test('the same samples give the same files', async () => {
  const directory = temporaryDirectory();
  await write(join(directory, 'a'), 25);
  await write(join(directory, 'b'), 25);
  for (const name of readdirSync(join(directory, 'a'))) {
    expect(readFileSync(join(directory, 'a', name)).equals(readFileSync(join(directory, 'b', name)))).toBe(
      true,
    );
  }
});

test('without samples there is one shard without samples', async () => {
  const directory = join(temporaryDirectory(), 'empty');
  const { shards } = await write(directory, 0, { sha256: false });
  expect(shards).toMatchObject([{ name: 'shard-000000.zcs', samples: 0, sha256: null }]);
  await using dataset = await openDataset(directory);
  expect((await (await dataset.shard(0)).verify()).ok).toBe(true);
});

test('a sample larger than a shard gets one of its own', async () => {
  const { shards } = await write(join(temporaryDirectory(), 'large'), 3, { shardBytes: 1 });
  expect(shards.map(({ samples }) => samples)).toEqual([1, 1, 1]);
});

describe('nothing appears', () => {
  test('before finish, after abort, and when the writer is left without either', async () => {
    const directory = temporaryDirectory();
    const target = join(directory, 'train');
    const writer = await DatasetWriter.create(target, { schema });
    await writer.append(sampleOf(1));
    expect(readdirSync(directory)).toEqual(['.train.zc-partial']);
    await writer.abort();
    expect(readdirSync(directory)).toEqual([]);
    await expect(writer.append(sampleOf(2))).rejects.toMatchObject({ code: 'ZC_CLOSED' });
    await expect(writer.finish()).rejects.toMatchObject({ code: 'ZC_CLOSED' });
    {
      await using other = await DatasetWriter.create(target, { schema });
      await other.append(sampleOf(1));
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test('after kill -9, and the next writer removes what is left', async () => {
    const directory = temporaryDirectory();
    const target = join(directory, 'train');
    const child = startChild('test/helpers/write-forever.ts', [target]);
    await firstWords(child);
    child.kill('SIGKILL');
    await new Promise((settle) => child.once('close', settle));
    expect(readdirSync(directory)).toEqual(['.train.zc-partial']);
    expect(readdirSync(join(directory, '.train.zc-partial')).length).toBeGreaterThan(2);
    await write(target, 3);
    expect(readdirSync(directory)).toEqual(['train']);
    expect((await readManifest(target)).samples).toBe(3);
  });

  test('when the disk takes no more: a typed error that says so', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'shard.zcs');
    // In blocks of 512 bytes. The signal that goes with the limit is ignored by Node.
    const { error } = await runChild('test/helpers/write-many.ts', [path, '16'], 'ulimit -f 8192;');
    expect(error).toMatchObject({ name: 'ZcError', code: 'ZC_IO_WRITE', path, errno: 'EFBIG' });
    const sink = {
      write: () => Promise.reject(new Error('full')),
      finish: async () => {},
      close: async () => {},
    };
    const target = join(directory, 'train');
    const writer = await DatasetWriter.create(target, { schema, openSink: async () => sink });
    const appendAll = async () => {
      for (let i = 0; i < 5000; i++) await writer.append(sampleOf(i));
    };
    await expect(appendAll()).rejects.toThrow('full');
    expect(readdirSync(directory).filter((name) => name.includes('train'))).toEqual([]);
  });
});

describe('a target', () => {
  test('that another process is writing is busy', async () => {
    const target = join(temporaryDirectory(), 'train');
    const child = startChild('test/helpers/write-forever.ts', [target]);
    const pid = Number(await firstWords(child));
    await expect(write(target, 1)).rejects.toMatchObject({ code: 'ZC_FORMAT_BUSY', actual: pid });
    child.kill('SIGKILL');
    await new Promise((settle) => child.once('close', settle));
    await write(target, 1);
  });

  test('that this process is writing is busy too', async () => {
    const target = join(temporaryDirectory(), 'train');
    await using _ = await DatasetWriter.create(target, { schema });
    await expect(write(target, 1)).rejects.toMatchObject({ code: 'ZC_FORMAT_BUSY', actual: process.pid });
  });

  test('whose owner has a number that another process bears now is not busy', async () => {
    const target = join(temporaryDirectory(), 'train');
    const partial = join(dirname(target), '.train.zc-partial');
    mkdirSync(partial);
    writeFileSync(join(partial, 'owner.json'), JSON.stringify({ pid: process.pid, startTime: '1' }));
    await write(target, 1);
  });

  test('that holds something is refused, an empty one is filled', async () => {
    const directory = temporaryDirectory();
    await write(directory, 1);
    await expect(write(directory, 1)).rejects.toMatchObject({ code: 'ZC_IO_EXISTS', path: directory });
    const file = join(directory, 'dataset.json');
    await expect(write(file, 1)).rejects.toMatchObject({ code: 'ZC_IO_EXISTS' });
  });

  test('is replaced where that was asked for, if it is a dataset', async () => {
    const target = join(temporaryDirectory(), 'train');
    await write(target, 30);
    const { ino } = statSync(target);
    const manifest = await write(target, 2, { overwrite: true });
    expect(await readManifest(target)).toEqual(manifest);
    expect(statSync(target).ino).not.toBe(ino);
    expect(readdirSync(dirname(target))).toEqual(['train']);
    const other = temporaryDirectory();
    writeFileSync(join(other, 'letter.txt'), 'dear');
    await expect(write(other, 1, { overwrite: true })).rejects.toMatchObject({ code: 'ZC_IO_EXISTS' });
    expect(readFileSync(join(other, 'letter.txt'), 'utf8')).toBe('dear');
    // Nor is a dataset that somebody keeps more in.
    writeFileSync(join(target, 'letter.txt'), 'dear');
    await expect(write(target, 1, { overwrite: true })).rejects.toMatchObject({ code: 'ZC_IO_EXISTS' });
    expect(await readManifest(target)).toEqual(manifest);
  });
});

test('a replacement that was cut off is settled by the next writer', async () => {
  const directory = temporaryDirectory();
  const target = join(directory, 'train');
  const replaced = join(directory, '.train.zc-partial-replaced');
  await write(target, 5);
  renameSync(target, replaced);
  await expect(write(target, 1)).rejects.toMatchObject({ code: 'ZC_IO_EXISTS' });
  expect((await readManifest(target)).samples).toBe(5);
  await write(replaced, 3);
  await write(target, 1, { overwrite: true });
  expect(readdirSync(directory)).toEqual(['train']);
  expect((await readManifest(target)).samples).toBe(1);
});

test('what writers left that died while they were claiming is removed, what others claim is not', async () => {
  const directory = temporaryDirectory();
  const partial = join(directory, '.train.zc-partial');
  const startTime = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')[19];
  mkdirSync(`${partial}-${process.pid}-1-dead`);
  mkdirSync(`${partial}-${process.pid}-1-dead-abandoned`);
  mkdirSync(`${partial}-${process.pid}-${startTime}-alive`);
  mkdirSync(`${partial}-notes`);
  await write(join(directory, 'train'), 1);
  expect(readdirSync(directory).sort()).toEqual([
    `.train.zc-partial-${process.pid}-${startTime}-alive`,
    '.train.zc-partial-notes',
    'train',
  ]);
});

test('an abort waits for the call that is under way', async () => {
  const directory = temporaryDirectory();
  const writer = await DatasetWriter.create(join(directory, 'train'), { schema });
  await writer.append(sampleOf(1));
  const finished = writer.finish();
  await writer.abort();
  expect(await readManifest(join(directory, 'train'))).toEqual(await finished);
  expect(readdirSync(directory)).toEqual(['train']);
});

test('a directory that refuses entries is an error, and no endless attempt', async () => {
  await expect(DatasetWriter.create('/proc/nowhere/train', { schema })).rejects.toMatchObject({
    code: 'ZC_IO_WRITE',
  });
});

test('a file on the way to the target is an error', async () => {
  const file = join(temporaryDirectory(), 'letter.txt');
  writeFileSync(file, '');
  await expect(DatasetWriter.create(join(file, 'data/train'), { schema })).rejects.toMatchObject({
    code: 'ZC_IO_WRITE',
  });
});

test('a target that has become something else meanwhile is not replaced', async () => {
  const directory = temporaryDirectory();
  const target = join(directory, 'train');
  await write(target, 1);
  const writer = await DatasetWriter.create(target, { schema, overwrite: true });
  await writer.append(sampleOf(1));
  renameSync(join(target, 'dataset.json'), join(target, 'letter.txt'));
  await expect(writer.finish()).rejects.toMatchObject({ code: 'ZC_IO_EXISTS' });
  expect(readdirSync(target)).toContain('letter.txt');
  expect(readdirSync(directory)).toEqual(['train']);
});

test('samples of different shards are read at once', async () => {
  const target = join(temporaryDirectory(), 'train');
  await write(target, 25);
  await using dataset = await openDataset<typeof schema>(target);
  const indices = Array.from({ length: 50 }, (_, i) => (i * 7) % 25);
  const rows = dataset.rows();
  expect((await rows.next()).value?.label).toBe(0);
  const labels = await Promise.all(indices.map(async (i) => (await dataset.get(i)).label));
  expect(labels).toEqual(indices);
  expect((await rows.next()).value?.label).toBe(1);
  await rows.return();
});

test('a shard that is not the one of the manifest is refused', async () => {
  const directory = temporaryDirectory();
  await write(join(directory, 'a'), 25);
  await write(join(directory, 'b'), 15);
  writeFileSync(join(directory, 'a/shard-000001.zcs'), readFileSync(join(directory, 'b/shard-000000.zcs')));
  await using dataset = await openDataset(join(directory, 'a'));
  await expect(dataset.get(12)).rejects.toMatchObject({ code: 'ZC_FORMAT_MANIFEST' });
});

test('a refused sample leaves the writer open', async () => {
  const writer = await DatasetWriter.create(join(temporaryDirectory(), 'train'), { schema });
  await expect(writer.append({ photo: 'x', label: 1 } as never)).rejects.toMatchObject({
    code: 'ZC_FORMAT_VALUE',
  });
  await writer.append(sampleOf(1));
  expect(await writer.finish()).toMatchObject({ samples: 1 });
});
