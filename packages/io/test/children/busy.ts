import { availableParallelism } from 'node:os';
import { BufferPool, encodeReadPlan, MappedFile, ReadEngine } from '../../src/index.js';

/** What an environment should be able to end in the middle of. */
export interface BusyOptions {
  path: string;
  backend: 'io_uring' | 'threads';
}

/** Keeps reads, a prefetch, populating and views in flight, and never waits for their end. */
export function makeBusy({ path, backend }: BusyOptions): void {
  const engine = new ReadEngine({ backend, threads: availableParallelism() });
  const file = engine.openFile(path);
  const sizeBytes = engine.fileSize(file);
  const pool = new BufferPool({ slotBytes: 2 ** 20, slots: 8 });
  const map = new MappedFile(path);
  map.view(0, sizeBytes);
  void map.populate(0, sizeBytes);
  void engine.prefetch(file, [{ offset: 0, length: sizeBytes }]);
  const readForever = async (i: number): Promise<void> => {
    for (let at = i; ; at += 8) {
      const lease = await pool.acquireAsync();
      lease.buffer;
      const extent = {
        file,
        offset: (at * 2 ** 18) % (sizeBytes - 2 ** 20),
        length: 2 ** 20,
        way: at % 2 === 0 ? ('direct' as const) : ('auto-buffered' as const),
        pieces: [{ extentOffset: 0, length: 2 ** 20, slotOffset: 0 }],
      };
      await engine.read(lease, encodeReadPlan([extent]));
      lease.release();
    }
  };
  for (let i = 0; i < 8; i++) void readForever(i);
}
