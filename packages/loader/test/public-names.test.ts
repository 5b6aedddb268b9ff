import { expect, test } from 'vitest';
import * as loader from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(loader).sort()).toMatchInlineSnapshot(`
    [
      "BatchBase",
      "DataLoader",
      "Dataset",
      "PackedColumn",
      "Source",
      "TokenWindows",
      "ValuesColumn",
    ]
  `);
});
