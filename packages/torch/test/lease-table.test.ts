import { writeSync } from 'node:fs';
import { BufferPool } from '@zc/io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaseTable } from '../src/lease-table.js';

let pool: BufferPool;
let table: LeaseTable;
let given: string[];

beforeEach(() => {
  pool = new BufferPool({ slotBytes: 4096, slots: 3 });
  const { fd, slots } = pool.segments[0]!;
  table = new LeaseTable({ fd, slots });
  given = [];
});
afterEach(() => pool.close());

/** Writes a control word as the client does. */
function write(word: 'released' | 'taken', slot: number, generation: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(generation);
  writeSync(pool.segments[0]!.fd, bytes, 0, 4, slot * 8 + (word === 'released' ? 0 : 4));
}

function lend(slot: number, generation: number, iteration = 1): void {
  table.lend(slot, { iteration, generation, giveBack: () => given.push(`${slot}.${generation}`) });
}

describe('a slot that is lent', () => {
  it('comes back when its own generation is released, once', () => {
    lend(1, 7);
    write('released', 1, 6);
    table.collect();
    expect(given).toEqual([]);
    write('released', 1, 7);
    table.collect();
    table.collect();
    expect(given).toEqual(['1.7']);
    expect(table.held).toBe(0);
  });

  it('counts as untaken until the client has taken it', () => {
    lend(0, 1);
    lend(2, 4);
    write('taken', 0, 1);
    table.collect();
    expect([table.untaken(), table.held]).toEqual([1, 2]);
  });
});

it('what was not taken falls back with its iteration, and nothing else', () => {
  lend(0, 1);
  lend(1, 1);
  lend(2, 9, 2);
  write('taken', 0, 1);
  table.revoke(1);
  expect(given).toEqual(['1.1']);
  write('released', 0, 1);
  table.collect();
  expect(given).toEqual(['1.1', '0.1']);
  expect(table.held).toBe(1);
});
