import type { Run } from '../order/block-order.js';
import type { RunReader } from '../shards/run-reader.js';
import type { ResolvedWindows } from './options.js';
import type { TokenStream } from './token-stream.js';

/** Brings the tokens of neighbouring windows of one stream into the page cache. */
export class WindowRunReader implements RunReader {
  readonly #stream: TokenStream;
  readonly #windows: Pick<ResolvedWindows, 'length' | 'stride'>;

  constructor(stream: TokenStream, windows: Pick<ResolvedWindows, 'length' | 'stride'>) {
    this.#stream = stream;
    this.#windows = windows;
  }

  async bring(run: Run): Promise<void> {
    const { store, firstTokens, elementBytes, tokens } = this.#stream;
    const { length, stride } = this.#windows;
    const end = Math.min(tokens, (run.first + run.length - 1) * stride + length);
    for (let token = run.first * stride; token < end; ) {
      const shard = this.#stream.shardOf(token);
      const partEnd = Math.min(end, firstTokens[shard + 1]!);
      await store.open(shard);
      const column = this.#stream.columnOf(shard);
      if (column !== undefined) {
        const offset = column.layout.region.offset + (token - firstTokens[shard]!) * elementBytes;
        const range = { offset, length: (partEnd - token) * elementBytes };
        await store.files.bring(store.infos[shard]!.path, [range]).catch(() => {});
      }
      token = partEnd;
    }
    store.trim();
  }
}
