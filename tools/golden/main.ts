/**
 * Writes the golden shards, which every implementation of the format must read, and write to the same bytes,
 * and the bad ones, which all must refuse with the same code.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { badShards } from './bad.js';
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

const badFolder = new URL('bad/', folder);
mkdirSync(badFolder, { recursive: true });
const bad = await badShards();
for (const { file, bytes } of bad) writeFileSync(new URL(file, badFolder), bytes);
const table = bad.map(({ file, code }) => JSON.stringify({ file, code })).join(',\n');
writeFileSync(new URL('bad.json', badFolder), `[\n${table}\n]\n`);
