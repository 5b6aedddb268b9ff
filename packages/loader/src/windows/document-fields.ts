import type { Borders } from './borders.js';

/** Where the borders of each window begin among those of a batch, and behind them how many there are. */
export function borderOffsets({ spans }: Borders, windows: number): Int32Array {
  const offsets = new Int32Array(windows + 1);
  // A window has a border for each of its documents, and its end.
  for (let i = 0; i < windows; i++) offsets[i + 1] = offsets[i]! + spans[2 * i + 1]! - spans[2 * i]! + 1;
  return offsets;
}

/** Writes the field `borders` of a batch: of each window where its documents begin, and where its tokens end. */
export function writeBorders(out: Int32Array, { spans, places, tokens }: Borders, windows: number): void {
  let at = 0;
  for (let i = 0; i < windows; i++) {
    for (let k = spans[2 * i]!; k < spans[2 * i + 1]!; k++) out[at++] = places[k]!;
    out[at++] = tokens[i]!;
  }
}

/** What padding has instead of the number of a document. */
const NO_DOCUMENT = -1n;

/** Writes the field `documents` of a batch of windows, each of `length` tokens. */
export function writeDocuments(out: BigInt64Array, borders: Borders, size: BatchSize): void {
  eachStretch(borders, size, (document, from, end) => {
    out.fill(document === undefined ? NO_DOCUMENT : BigInt(document), from, end);
  });
}

/** Writes the field `positions` of a batch of windows, each of `length` tokens. */
export function writePositions(out: Int32Array, borders: Borders, size: BatchSize): void {
  const counting = rampTo(size.length);
  eachStretch(borders, size, (document, from, end) => {
    if (document === undefined) out.fill(0, from, end);
    else out.set(counting.subarray(0, end - from), from);
  });
}

interface BatchSize {
  windows: number;
  length: number;
}

/** Visits the tokens of a batch document by document, and padding as one that is not there. */
function eachStretch(
  { spans, places, documents, tokens }: Borders,
  { windows, length }: BatchSize,
  visit: (document: number | undefined, from: number, end: number) => void,
): void {
  for (let i = 0; i < windows; i++) {
    const first = i * length;
    const last = spans[2 * i + 1]! - 1;
    for (let k = spans[2 * i]!; k <= last; k++) {
      const end = k === last ? tokens[i]! : places[k + 1]!;
      visit(documents[k]!, first + places[k]!, first + end);
    }
    if (tokens[i]! < length) visit(undefined, first + tokens[i]!, first + length);
  }
}

let ramp = new Int32Array(0);

/** 0, 1, 2, …: copied from, never written to. */
function rampTo(length: number): Int32Array {
  if (ramp.length < length) ramp = Int32Array.from({ length }, (_, i) => i);
  return ramp;
}
