import { expect, test } from 'vitest';
import * as io from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(io).sort()).toMatchInlineSnapshot(`
    [
      "BufferPool",
      "ELEMENT_TYPES",
      "FileWriter",
      "IoUringPrefetcher",
      "MappedFile",
      "MmapManager",
      "PLAN_EXTENT_NUMBERS",
      "PLAN_HEAD_NUMBERS",
      "PLAN_PIECE_NUMBERS",
      "READ_WAYS",
      "ReadEngine",
      "RowTable",
      "SLOT_BYTES_MAX",
      "ZeroCopyBuffer",
      "capabilities",
      "crc32c",
      "encodeReadPlan",
      "mapSlot",
      "runSlotSteps",
      "sendDescriptors",
      "sum64",
      "watchDescriptor",
      "watchProcess",
      "zstdCompressor",
    ]
  `);
});
