import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { badShards } from '../bad.js';
import { hexDump } from '../dump.js';
import { describeGolden, encodeGolden } from '../encode.js';
import { goldenShards } from '../shards.js';

const folder = new URL('../../../packages/format/test/golden/', import.meta.url);
const committed: { file: string }[] = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8'));

test.each(goldenShards())('$file is what the script makes', async (golden) => {
  const { bytes, summary } = await encodeGolden(golden);
  expect(Buffer.compare(bytes, readFileSync(new URL(golden.file, folder)))).toBe(0);
  expect(committed.find(({ file }) => file === golden.file)).toEqual(
    JSON.parse(JSON.stringify(describeGolden(golden, summary))),
  );
});

test('the bad shards are what the script makes', async () => {
  const bad = await badShards();
  for (const { file, bytes } of bad) {
    expect(Buffer.compare(bytes, readFileSync(new URL(`bad/${file}`, folder))), file).toBe(0);
  }
  const table = JSON.parse(readFileSync(new URL('bad/bad.json', folder), 'utf8'));
  expect(table).toEqual(bad.map(({ file, code }) => ({ file, code })));
});

test('the specification shows `explained.zcs` as it is', () => {
  const page = readFileSync(new URL('../../../docs/reference/shard-format.md', import.meta.url), 'utf8');
  expect(page).toContain(hexDump(readFileSync(new URL('explained.zcs', folder))));
});
