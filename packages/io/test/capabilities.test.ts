import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { capabilities } from '../src/index.js';
import { thrown } from './helpers/caught.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const folder = temporaryFolder();

test('of the system', () => {
  const found = capabilities();
  expect(found.kernel).toBe(release());
  expect(found.memlockBytes).toBeGreaterThan(0);
  expect(found.crc32c).toMatch(/^(avx512|sse4\.2|armv8|table)$/);
  expect(found).not.toHaveProperty('direct');
  if (found.ioUring.ok) expect(found.ioUring).toEqual({ ok: true });
  else expect(found.ioUring).toEqual({ ok: false, reason: expect.any(String), advice: expect.any(String) });
});

test('of a path', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'x');
  const { direct, filesystem } = capabilities(path);
  expect(filesystem).toMatch(/./);
  if (direct!.ok) expect(direct!.offsetAlignmentBytes % 512).toBe(0);
  else expect(direct!.reason).toMatch(/./);
});

test('of a folder the filesystem is told', () => {
  expect(capabilities(folder).filesystem).toMatch(/./);
});

test('of a path that is not there', () => {
  expect(thrown('ZC_IO_OPEN', () => capabilities(join(folder, 'none'))).path).toBe(join(folder, 'none'));
});
