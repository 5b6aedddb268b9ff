/** How much of an input is looked at before its schema is settled: the first samples up to one of these. */
const SAMPLES_MAX = 1000;
const BYTES_MAX = 32 * 2 ** 20;

/** The beginning of a stream, and all of it. */
export interface LookedAt<Item> {
  readonly first: readonly Item[];
  /** Whether `first` is everything. */
  readonly isAll: boolean;
  /** Every item from the first one on; to be called once where the input cannot be read again. */
  all(): AsyncGenerator<Item>;
}

/**
 * Reads the first items of an input, so that its schema can be inferred.
 *
 * What can be read again is: nothing stays open or in memory between. Of standard input the items are kept and
 * given out before the others.
 *
 * @param open begins to read, from the first item; `bytes` of an item is the memory it takes
 */
export async function lookAhead<Item extends { readonly bytes: number }>(
  open: () => AsyncGenerator<Item>,
  options: { isReadOnce: boolean },
): Promise<LookedAt<Item>> {
  const { isReadOnce } = options;
  const items = open();
  const first: Item[] = [];
  let isAll = false;
  for (let bytes = 0; first.length < SAMPLES_MAX && bytes < BYTES_MAX; ) {
    const { value, done } = await items.next();
    if (done) {
      isAll = true;
      break;
    }
    first.push(value);
    bytes += value.bytes;
  }
  if (!isReadOnce) {
    await items.return(undefined);
    return { first, isAll, all: open };
  }
  return { first, isAll, all: () => keptThenRest(first, items) };
}

async function* keptThenRest<Item>(first: readonly Item[], rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
