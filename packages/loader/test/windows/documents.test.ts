import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Batch,
  DataLoader,
  Dataset,
  type PackedColumn,
  type Source,
  type WindowOptions,
} from '../../src/index.js';
import { type TokenSet, type Tokens, writeTokens } from '../helpers/tokens.js';

interface Window {
  tokens: number[];
  documents: number[];
  positions: number[];
  borders: number[];
}

/** What windows must be, by the plainest way to cut them. */
function windowsOf({ flat, ends }: TokenSet, options: WindowOptions): Window[] {
  const { length, stride = length, padding, crossDocuments = true } = options;
  const documentOf = ends.flatMap((end, i) => Array<number>(end - (ends[i - 1] ?? 0)).fill(i));
  const stretches = crossDocuments
    ? [[0, flat.length] as const]
    : ends.map((end, i) => [ends[i - 1] ?? 0, end] as const);
  const windows: Window[] = [];
  for (const [begin, end] of stretches) {
    for (let start = begin; start < end; start += stride) {
      const isRest = start > begin && start - stride + length >= end;
      if (padding === undefined ? start + length > end : isRest) break;
      windows.push(windowAt({ flat, documentOf }, { start, end: Math.min(end, start + length) }, options));
    }
  }
  return windows;
}

function windowAt(
  { flat, documentOf }: { flat: Tokens; documentOf: number[] },
  { start, end }: { start: number; end: number },
  { length, padding = 0 }: WindowOptions,
): Window {
  const filled = (list: number[], value: number) => [
    ...list,
    ...Array<number>(length - list.length).fill(value),
  ];
  const documents = documentOf.slice(start, end);
  const begins = documents.flatMap((document, i) => (document === documents[i - 1] ? [] : [i]));
  return {
    tokens: filled(Array.from(flat.subarray(start, end), Number), padding),
    documents: filled(documents, -1),
    positions: filled(
      documents.map((document, i) => i - documents.indexOf(document)),
      0,
    ),
    borders: [...begins, end - start],
  };
}

async function expectWindows(set: TokenSet, options: WindowOptions): Promise<void> {
  const wanted = windowsOf(set, options);
  for (const documents of ['ids', 'offsets'] as const) {
    await using dataset = await Dataset.open(set.directory);
    const windows = await dataset.windows({ ...options, documents });
    expect(windows.length).toBe(wanted.length);
    await using loader = new DataLoader(windows as Source, { batchSize: 5, shuffle: true });
    let seen = 0;
    for await (const batch of loader) {
      batch.indices.forEach((id, k) => {
        expect(rowOf(batch, k, options.length, documents)).toEqual(pick(wanted[id]!, documents));
      });
      seen += batch.length;
    }
    expect(seen).toBe(wanted.length);
    for (let i = 0; i < wanted.length; i += 7) {
      const sample = windows.get(i) as unknown as Record<string, { data: Tokens }>;
      const found = Object.fromEntries(
        Object.entries(sample).map(([name, { data }]) => [name, Array.from(data as Uint16Array, Number)]),
      );
      expect(found).toEqual(pick(wanted[i]!, documents));
    }
  }
}

/** One window of a batch, each field as numbers. */
function rowOf(batch: Batch, row: number, length: number, documents: 'ids' | 'offsets') {
  const rowIn = (name: string) => {
    const { data } = batch.fields[name] as { data: Uint16Array };
    return Array.from(data.subarray(row * length, (row + 1) * length), Number);
  };
  if (documents === 'ids') {
    return { tokens: rowIn('tokens'), documents: rowIn('documents'), positions: rowIn('positions') };
  }
  return { tokens: rowIn('tokens'), borders: [...(batch.fields.borders as PackedColumn<'int32'>).row(row)] };
}

function pick({ tokens, documents, positions, borders }: Window, which: 'ids' | 'offsets') {
  return which === 'ids' ? { tokens, documents, positions } : { tokens, borders };
}

describe('documents in windows are those of the plainest way to cut them', () => {
  test('of any lengths, empty ones too, in any shards', async () => {
    const cases = fc.record({
      lengths: fc.array(fc.oneof(fc.constant(0), fc.nat(40), fc.nat(700)), { minLength: 1, maxLength: 40 }),
      shardBytes: fc.integer({ min: 500, max: 4000 }),
      length: fc.integer({ min: 1, max: 120 }),
      stride: fc.integer({ min: 1, max: 150 }),
      padding: fc.option(fc.nat(60_000), { nil: undefined }),
      crossDocuments: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ lengths, shardBytes, ...options }) => {
        const set = await writeTokens(lengths, { shardBytes });
        await expectWindows(set, { field: 'tokens', ...options });
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  test('of more documents than one run of their table tells', async () => {
    const lengths = Array.from({ length: 20_000 }, (_, i) => (i * 7) % 5);
    const set = await writeTokens(lengths, { shardBytes: 2 ** 26, dtype: 'uint32' });
    await expectWindows(set, { field: 'tokens', length: 100 });
    await expectWindows(set, { field: 'tokens', length: 3, crossDocuments: false, padding: 9 });
  });
});
