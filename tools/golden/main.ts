/** Writes the golden shards, which every implementation of the format must read, and write to the same bytes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describeGolden, encodeGolden } from './encode.js';
import { goldenShards } from './shards.js';

const folder = new URL('../../packages/format/test/golden/', import.meta.url);

mkdirSync(folder, { recursive: true });
const described = [];
for (const golden of goldenShards()) {
  const { bytes, summary } = await encodeGolden(golden);
  writeFileSync(new URL(golden.file, folder), bytes);
  described.push(describeGolden(golden, summary));
}
// One shard a line: a change of one is one line of a diff.
const lines = described.map((shard) => JSON.stringify(shard)).join(',\n');
writeFileSync(new URL('golden.json', folder), `[\n${lines}\n]\n`);
