import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import {
  crc32c,
  defineSchema,
  encodeFooter,
  encodeHead,
  encodeTail,
  field,
  planFields,
  ShardReader,
} from '../src/index.js';
import { fileSource } from '../src/node/index.js';
import { TableEncoder } from '../src/tables.js';

const ROW_BYTES = 2 ** 20;
const SAMPLES = 6 * 1024;

test('rows beyond 4 GiB are read right, from a file that is mostly holes', async () => {
  const path = join(temporaryDirectory(), 'sparse.zcs');
  const written = new Map([
    [0, rowOf(1)],
    [4095, rowOf(2)],
    [4096, rowOf(3)],
    [SAMPLES - 1, rowOf(4)],
  ]);
  writeSparse(path, written);
  expect(statSync(path).size).toBeGreaterThan(6 * 2 ** 30);
  expect(statSync(path).blocks * 512).toBeLessThan(2 ** 26);
  await using source = await fileSource(path);
  const shard = await ShardReader.open(source);
  for (const [row, expected] of [...written, [4097, rowOf(0)] as const]) {
    expect(Buffer.compare((await shard.get(row)).image as Uint8Array, expected)).toBe(0);
  }
});

function rowOf(value: number): Uint8Array {
  return new Uint8Array(ROW_BYTES).fill(value);
}

function writeSparse(path: string, rows: ReadonlyMap<number, Uint8Array>): void {
  const schema = defineSchema({ image: field.bytes() });
  const zero = crc32c(new Uint8Array(ROW_BYTES));
  const blocks: { ends: Uint8Array[]; checksums: Uint8Array[] } = { ends: [], checksums: [] };
  const ends = new TableEncoder('u64', (block) => blocks.ends.push(block.slice()), crc32c);
  const checksums = new TableEncoder('u32', (block) => blocks.checksums.push(block.slice()), crc32c);
  for (let i = 0; i < SAMPLES; i++) {
    const row = rows.get(i);
    ends.push((i + 1) * ROW_BYTES);
    checksums.push(row ? crc32c(row) : zero);
  }
  ends.finish();
  checksums.finish();
  const region = { offset: 4096, length: SAMPLES * ROW_BYTES };
  const endsAt = region.offset + region.length;
  const checksumsAt = endsAt + blocks.ends.length * 4096;
  const footerOffset = checksumsAt + blocks.checksums.length * 4096;
  const footer = encodeFooter({
    samples: SAMPLES,
    schema,
    layout: [
      {
        ...planFields(schema)[0]!,
        region,
        ends: { offset: endsAt, length: checksumsAt - endsAt },
        checksums: { offset: checksumsAt, length: footerOffset - checksumsAt },
      },
    ],
  });
  const tail = encodeTail({
    footerOffset,
    footerBytes: footer.length,
    fileBytes: footerOffset + footer.length + 64,
    footerCrc: crc32c(footer),
    headCrc: crc32c(encodeHead()),
    uuid: new Uint8Array(16),
  });
  const file = openSync(path, 'wx');
  ftruncateSync(file, footerOffset);
  writeSync(file, encodeHead(), 0, 4096, 0);
  for (const [i, row] of rows) writeSync(file, row, 0, ROW_BYTES, 4096 + i * ROW_BYTES);
  const rest = Buffer.concat([...blocks.ends, ...blocks.checksums, footer, tail]);
  writeSync(file, rest, 0, rest.length, endsAt);
  closeSync(file);
}
