/**
 * The ids of a batch in the order of the files: sorted, and cut into one run a shard.
 *
 * One of these is used for batch after batch; its arrays grow to the largest one and hold the last one given.
 */
export class SortedIds {
  /** Of each id in turn, its place in the batch. */
  positions = new Uint32Array(0);
  /** Of each id in turn, its row in its shard. Ascending within a run. */
  rows = new Float64Array(0);
  /** The shard of each run. */
  readonly runShards: number[] = [];
  /** Where each run begins among the rows; one entry more than there are runs. */
  readonly runStarts: number[] = [];
  #keys = new Float64Array(0);
  readonly #firstSamples: Float64Array;

  /** @param firstSamples the number of each shard's first sample, and behind the last the number of all samples */
  constructor(firstSamples: Float64Array) {
    this.#firstSamples = firstSamples;
  }

  get runs(): number {
    return this.runShards.length;
  }

  /** Takes the ids of a batch, each of them one of the dataset's. */
  sort(ids: Float64Array): void {
    if (this.rows.length < ids.length) {
      this.positions = new Uint32Array(ids.length);
      this.rows = new Float64Array(ids.length);
      this.#keys = new Float64Array(ids.length);
    }
    if (isAscending(ids)) {
      this.rows.set(ids);
      for (let i = 0; i < ids.length; i++) this.positions[i] = i;
    } else {
      this.#sort(ids);
    }
    this.#cutIntoRuns(ids.length);
  }

  /** The sort without a comparator is many times faster, so id and place go into one number where they fit. */
  #sort(ids: Float64Array): void {
    const { positions, rows } = this;
    const count = ids.length;
    const scale = 2 ** Math.ceil(Math.log2(count));
    if (this.#firstSamples.at(-1)! * scale <= Number.MAX_SAFE_INTEGER) {
      const keys = this.#keys.subarray(0, count);
      for (let i = 0; i < count; i++) keys[i] = ids[i]! * scale + i;
      keys.sort();
      for (let i = 0; i < count; i++) {
        const id = Math.floor(keys[i]! / scale);
        rows[i] = id;
        positions[i] = keys[i]! - id * scale;
      }
      return;
    }
    for (let i = 0; i < count; i++) positions[i] = i;
    positions.subarray(0, count).sort((a, b) => ids[a]! - ids[b]!);
    for (let i = 0; i < count; i++) rows[i] = ids[positions[i]!]!;
  }

  /** Makes ids into rows of their shards. */
  #cutIntoRuns(count: number): void {
    const { rows, runShards, runStarts } = this;
    runShards.length = 0;
    runStarts.length = 0;
    let first = 0;
    let end = 0;
    for (let i = 0; i < count; i++) {
      const id = rows[i]!;
      if (i === 0 || id >= end) {
        const shard = shardOf(id, this.#firstSamples);
        first = this.#firstSamples[shard]!;
        end = this.#firstSamples[shard + 1]!;
        runShards.push(shard);
        runStarts.push(i);
      }
      rows[i] = id - first;
    }
    runStarts.push(count);
  }
}

/** The shard that holds a sample: the last one that begins at or before it, so never an empty one. */
export function shardOf(id: number, firstSamples: Float64Array): number {
  let low = 0;
  let high = firstSamples.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (firstSamples[middle]! <= id) low = middle;
    else high = middle;
  }
  return low;
}

function isAscending(ids: Float64Array): boolean {
  for (let i = 1; i < ids.length; i++) if (ids[i]! < ids[i - 1]!) return false;
  return true;
}
