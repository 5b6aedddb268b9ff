import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sum64 } from '@zc/io';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../tools/testing/temporary-directory.js';
import { checkOutput, removeOutput } from '../src/output-file.js';

describe('checkOutput', () => {
  const bytes = Uint8Array.from({ length: 3 * 2 ** 20 + 8 }, (_, i) => (i * 31) % 251);
  const sum = BigInt.asUintN(64, sum64(bytes)).toString();

  it('accepts the bytes that were said to be written, and nothing else', () => {
    const path = join(temporaryDirectory(), 'out');
    writeFileSync(path, bytes);
    checkOutput(path, { bytes: bytes.length, sum });
    expect(() => checkOutput(path, { bytes: bytes.length - 8, sum })).toThrow(/has 3145736 bytes/);
    bytes[2 ** 20 + 5]! ^= 1;
    writeFileSync(path, bytes);
    expect(() => checkOutput(path, { bytes: bytes.length, sum })).toThrow(/its writer says/);
    removeOutput(path);
    expect(() => checkOutput(path, { bytes: bytes.length, sum })).toThrow(/ENOENT/);
    removeOutput(path);
  });
});
