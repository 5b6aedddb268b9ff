import { type EncodedSample, planFields, type Schema, type SpillArea } from '@zc/format';

const BUFFER_BYTES = 256 * 1024;

/** Samples in stored form that wait on the disk until they are sorted. */
export class Bucket {
  readonly #area: SpillArea;
  /** Words before the rows of a sample: the two halves of its key, its lengths, its dimensions. */
  readonly #dimsPerField: readonly number[];
  readonly #words: Uint32Array;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #length = 0;
  #isOpen = true;

  /** The bucket owns the area, and closes it. */
  constructor(area: SpillArea, schema: Schema) {
    this.#area = area;
    this.#dimsPerField = planFields(schema).map(({ dimsPerRow }) => dimsPerRow);
    const dims = this.#dimsPerField.reduce((sum, count) => sum + count, 0);
    this.#words = new Uint32Array(2 + this.#dimsPerField.length + dims);
  }

  /** Adds a sample under a key, a whole number below 2^52. */
  async add(key: number, { rows, dims }: EncodedSample): Promise<void> {
    const words = this.#words;
    words[0] = Math.floor(key / 2 ** 32);
    words[1] = key;
    rows.forEach((row, i) => {
      words[2 + i] = row.length;
    });
    let at = 2 + rows.length;
    for (const row of dims) {
      words.set(row, at);
      at += row.length;
    }
    await this.#write(new Uint8Array(words.buffer));
    for (const row of rows) await this.#write(row);
  }

  /** All samples in the order of their keys; views of memory that they keep alive. */
  async sorted(): Promise<EncodedSample[]> {
    await this.#flush();
    const bytes = await this.#area.read(0, this.#length);
    const found: { key: number; sample: EncodedSample }[] = [];
    for (let at = 0; at < bytes.length; ) {
      const { key, sample, end } = this.#parse(bytes, at);
      found.push({ key, sample });
      at = end;
    }
    // Samples of one key, of which there is one in 2^52, stay in their order: the sort is stable.
    found.sort((a, b) => a.key - b.key);
    return found.map(({ sample }) => sample);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#area.close();
  }

  #parse(bytes: Uint8Array, start: number): { key: number; sample: EncodedSample; end: number } {
    const headBytes = this.#words.byteLength;
    const words = new Uint32Array(bytes.slice(start, start + headBytes).buffer);
    const fields = this.#dimsPerField.length;
    let at = start + headBytes;
    let dimsAt = 2 + fields;
    const rows: Uint8Array[] = [];
    const dims: Uint32Array[] = [];
    for (let i = 0; i < fields; i++) {
      const length = words[2 + i]!;
      rows.push(bytes.subarray(at, at + length));
      dims.push(words.subarray(dimsAt, dimsAt + this.#dimsPerField[i]!));
      at += length;
      dimsAt += this.#dimsPerField[i]!;
    }
    const sample = { rows, dims, bytes: at - start - headBytes };
    return { key: words[0]! * 2 ** 32 + words[1]!, sample, end: at };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#length += bytes.length;
    if (this.#used + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#area.append(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  async #flush(): Promise<void> {
    if (this.#used > 0) await this.#area.append(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
