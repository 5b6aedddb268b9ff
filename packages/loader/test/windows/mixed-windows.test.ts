import { expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { DataLoader, Dataset, mix, type Source } from '../../src/index.js';
import { type Tokens, textOf, writeTokens } from '../helpers/tokens.js';

const [ONE, OTHER] = [
  Array.from({ length: 60 }, (_, i) => (i * 131) % 900),
  Array.from({ length: 45 }, (_, i) => (i * 67) % 500),
];

test.each([true, false])(
  'windows of two datasets mix, each within its own; across documents: %s',
  async (cross) => {
    const cut = { field: 'tokens', length: 65, stride: 64, crossDocuments: cross };
    await using one = await Dataset.open((await writeTokens(ONE)).directory);
    await using other = await Dataset.open((await writeTokens(OTHER, { shardBytes: 5000 })).directory);
    const windows = await Promise.all([one.windows(cut), other.windows(cut)]);
    const mixture = mix(windows.map((source) => ({ source: source as Source, weight: source.length })));
    expect(mixture.length).toBe(windows[0]!.length + windows[1]!.length);
    await using loader = new DataLoader(mixture, { batchSize: 16, shuffle: true });
    const seen = new Set<number>();
    for await (const batch of loader) {
      const { data } = batch.fields.tokens as { data: Tokens };
      batch.indices.forEach((id, k) => {
        const [source, own] =
          id < windows[0]!.length ? [windows[0]!, id] : [windows[1]!, id - windows[0]!.length];
        expect(textOf(data.subarray(k * 65, k * 65 + 65))).toBe(
          textOf((source.get(own).tokens as unknown as { data: Tokens }).data),
        );
        seen.add(id);
      });
    }
    expect(seen.size).toBe(mixture.length);
  },
);

test('windows of another length, and samples, are refused', async () => {
  await using dataset = await Dataset.open((await writeTokens(ONE)).directory);
  const source = await dataset.windows({ field: 'tokens', length: 65, stride: 64 });
  const longer = await dataset.windows({ field: 'tokens', length: 66, stride: 64 });
  for (const wrong of [longer, dataset]) {
    await failure('ZC_ARGUMENT', () =>
      mix([
        { source: source as Source, weight: 1 },
        { source: wrong as Source, weight: 1 },
      ]),
    );
  }
});
