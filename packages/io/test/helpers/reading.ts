import { join } from 'node:path';
import { afterAll } from 'vitest';
import { BufferPool, type ReadEngine, type ReadExtent, type ReadWay } from '../../src/index.js';
import type { Backend } from './backends.js';
import { faultyEngine } from './engines.js';
import { writePattern } from './pattern.js';
import { temporaryFolder } from './temporary-folder.js';

export const KIB = 1024;
export const MIB = 2 ** 20;
export const ways: readonly ReadWay[] = ['auto-direct', 'auto-buffered', 'mapped-copy', 'direct', 'buffered'];

/** What a read test works with: a file, an engine that has it open and slots to read it into. */
export class Reading {
  readonly folder = temporaryFolder();
  /** A file of `size` bytes of a pattern, which is aligned to nothing at its end. */
  readonly path = join(this.folder, 'data');
  readonly size = 8 * MIB + 777;
  readonly bytes = writePattern(this.path, this.size);
  readonly pool = new BufferPool({ slotBytes: 4 * MIB, slots: 4 });
  readonly engine: ReadEngine;
  /** The number of the file in `engine`. */
  readonly file: number;

  constructor({ backend, faults = '' }: { backend: Backend; faults?: string }) {
    this.engine = faultyEngine(faults, { backend });
    this.file = this.engine.openFile(this.path);
    afterAll(() => this.engine.close());
  }

  /** An extent that goes to the slot as it is. */
  whole(offset: number, length: number, slotOffset: number, way: ReadWay): ReadExtent {
    return { file: this.file, offset, length, way, pieces: [{ extentOffset: 0, length, slotOffset }] };
  }
}
