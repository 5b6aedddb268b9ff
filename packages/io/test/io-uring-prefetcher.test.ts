import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { IoUringPrefetcher, MappedFile, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { writePattern } from './helpers/pattern.js';
import { descriptorsOf } from './helpers/process-resources.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const MIB = 2 ** 20;
const folder = temporaryFolder();

/** A file none of whose pages are in memory. */
function coldFile(name: string): string {
  const path = join(folder, name);
  writePattern(path, 4 * MIB);
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
  return path;
}

describe.each(backends)('%s', (backend) => {
  test('reads whole files and ranges into the page cache', async () => {
    await using engine = new ReadEngine({ backend });
    const ahead = new IoUringPrefetcher(engine);
    const whole = coldFile(`whole-${backend}`);
    const part = coldFile(`part-${backend}`);
    using wholeMap = new MappedFile(whole);
    using partMap = new MappedFile(part);
    expect(wholeMap.residentBytes(0, 4 * MIB)).toBeLessThan(4 * MIB);

    ahead.prefetch(whole);
    ahead.prefetch(part, [
      { offset: 0, length: 4096 },
      { offset: 3 * MIB, length: 1 * MIB },
    ]);
    expect(await ahead.wait()).toEqual({ bytes: 5 * MIB + 4096, failures: [] });
    expect(wholeMap.residentBytes(0, 4 * MIB)).toBe(4 * MIB);
    expect(partMap.residentBytes(3 * MIB, 1 * MIB)).toBe(1 * MIB);
    expect(descriptorsOf(new RegExp(`-${backend}$`))).toBe(0);
    expect(await ahead.wait()).toEqual({ bytes: 0, failures: [] });
  });

  test('takes files that the engine has open', async () => {
    await using engine = new ReadEngine({ backend });
    const ahead = new IoUringPrefetcher(engine);
    const file = engine.openFile(coldFile(`open-${backend}`));
    ahead.prefetch(file, [{ offset: 0, length: 2 * MIB }]);
    expect(await ahead.wait()).toEqual({ bytes: 2 * MIB, failures: [] });
    expect(engine.fileSize(file)).toBe(4 * MIB);
  });

  test('reports what cannot be read, and reads the rest', async () => {
    await using engine = new ReadEngine({ backend });
    const ahead = new IoUringPrefetcher(engine);
    const good = coldFile(`good-${backend}`);
    ahead.prefetch(join(folder, 'none'));
    ahead.prefetch(good, [
      { offset: 0, length: 1 * MIB },
      { offset: 4 * MIB, length: 1 },
    ]);
    const { bytes, failures } = await ahead.wait();
    expect(bytes).toBe(1 * MIB);
    expect(failures.map(({ code, path }) => [code, path])).toEqual([
      ['ZC_IO_OPEN', join(folder, 'none')],
      ['ZC_ARGUMENT', good],
    ]);
  });

  test('of a file that is cut short meanwhile fails', async () => {
    await using engine = new ReadEngine({ backend });
    const ahead = new IoUringPrefetcher(engine);
    const path = coldFile(`cut-${backend}`);
    const file = engine.openFile(path);
    truncateSync(path, 0);
    ahead.prefetch(file, [{ offset: 0, length: 4 * MIB }]);
    const { bytes, failures } = await ahead.wait();
    expect([bytes, failures.map(({ code }) => code)]).toEqual([0, ['ZC_IO_SHORT_READ']]);
  });

  test('ends with its engine', async () => {
    const engine = new ReadEngine({ backend });
    const ahead = new IoUringPrefetcher(engine);
    ahead.prefetch(coldFile(`closing-${backend}`));
    await engine.close();
    const { failures } = await ahead.wait();
    for (const { code } of failures) expect(code).toBe('ZC_IO_CLOSED');
    ahead.prefetch(join(folder, `closing-${backend}`));
    expect((await ahead.wait()).failures.map(({ code }) => code)).toEqual(['ZC_IO_CLOSED']);
  });
});
