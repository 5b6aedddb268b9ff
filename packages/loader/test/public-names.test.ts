import { expect, test } from 'vitest';
import * as loader from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(loader).sort()).toMatchInlineSnapshot(`
    [
      "BatchBase",
      "DataLoader",
      "Dataset",
      "IndexedSource",
      "MappedBatchBase",
      "Mixture",
      "PackedColumn",
      "Selection",
      "Source",
      "TokenWindows",
      "ValuesColumn",
      "Weighted",
      "centerCrop",
      "channelsFirst",
      "mix",
      "normalize",
      "pad",
      "randomCrop",
      "randomHorizontalFlip",
      "toFloat",
      "verdictOf",
    ]
  `);
});
