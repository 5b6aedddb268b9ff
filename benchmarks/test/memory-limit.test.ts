import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MemoryLimit, parseBytes, whatForbidsLimits } from '../src/memory-limit.js';

describe('a memory limit', () => {
  it.skipIf(whatForbidsLimits() !== undefined)('ends a process that takes more, and lets others be', () => {
    const limit = MemoryLimit.create('test', 256 * 2 ** 20);
    try {
      const take = (megabytes: number) => {
        const code = `Buffer.alloc(${megabytes} * 2 ** 20, 1); process.exitCode = 7`;
        const [command, ...args] = limit.wrap([process.execPath, '-e', code]);
        return spawnSync(command!, args);
      };
      expect(take(16).status).toBe(7);
      expect(take(1024).status).not.toBe(7);
    } finally {
      limit.remove();
    }
  });
});

describe('parseBytes', () => {
  it('reads sizes as people write them', () => {
    expect(parseBytes('512M')).toBe(512 * 2 ** 20);
    expect(parseBytes('1.5GiB')).toBe(1.5 * 2 ** 30);
    expect(() => parseBytes('lots')).toThrow('"lots" is no size');
  });
});
