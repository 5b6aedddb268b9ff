import { expect, test } from 'vitest';
import * as convert from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(convert).sort()).toMatchInlineSnapshot(`
    [
      "appendToDataset",
      "convertLimits",
      "datasetStats",
      "diffDatasets",
      "directSink",
      "exportDataset",
      "fastDigests",
      "headOfDataset",
      "infer",
      "mergeDatasets",
      "openDatasetWriter",
      "pack",
      "preview",
      "reshardDataset",
      "sinkNames",
      "sourceNames",
      "splitDataset",
    ]
  `);
});
