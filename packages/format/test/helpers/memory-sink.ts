import type { Sink, SpillArea } from '../../src/index.js';

/** A sink that keeps everything, with a spill area that counts what it is given. */
export function memorySink() {
  const chunks: Uint8Array[] = [];
  const spills: { bytes: number; closed: boolean }[] = [];
  return {
    spills,
    async write(chunk: Uint8Array) {
      chunks.push(chunk.slice());
    },
    async spill(): Promise<SpillArea> {
      const spilled: Uint8Array[] = [];
      const state = { bytes: 0, closed: false };
      spills.push(state);
      return {
        async append(chunk) {
          spilled.push(chunk.slice());
          state.bytes += chunk.length;
        },
        read: async (offset, length) =>
          new Uint8Array(Buffer.concat(spilled).subarray(offset, offset + length)),
        async close() {
          state.closed = true;
        },
      };
    },
    bytes: () => new Uint8Array(Buffer.concat(chunks)),
  } satisfies Sink & Record<string, unknown>;
}
