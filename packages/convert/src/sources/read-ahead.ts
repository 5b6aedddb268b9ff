/** Bounds what is held of items that were read before they were asked for. */
const BYTES_AHEAD_MAX = 64 * 2 ** 20;
const ITEMS_AHEAD_MAX = 16;

/**
 * Reads items in their order, some ahead of the one asked for, so that the disk works while the caller does.
 *
 * How many is bounded by the largest result so far: files of a gigabyte are read one at a time. A failure is
 * thrown when its turn comes; ending the iteration early waits for what is being read.
 */
export async function* readAhead<Item, Result extends { byteLength: number }>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<{ item: Item; result: Result }> {
  const pending: { item: Item; result: Promise<Result> }[] = [];
  let next = 0;
  let largestBytes = 0;
  // Nothing is known of the sizes before the first item was read, so that one is read alone.
  let depth = 1;
  try {
    for (;;) {
      do {
        if (next === items.length) break;
        const item = items[next++]!;
        const result = read(item);
        // The failure belongs to whoever awaits this item; until then it is not an unhandled one.
        result.catch(() => {});
        pending.push({ item, result });
      } while (pending.length < depth);
      const first = pending.shift();
      if (first === undefined) return;
      const result = await first.result;
      largestBytes = Math.max(largestBytes, result.byteLength, 1);
      depth = Math.min(ITEMS_AHEAD_MAX, Math.floor(BYTES_AHEAD_MAX / largestBytes));
      yield { item: first.item, result };
    }
  } finally {
    await Promise.allSettled(pending.map(({ result }) => result));
  }
}
