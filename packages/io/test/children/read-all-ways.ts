import { READ_WAYS, type ReadWay } from '../../src/index.js';
import { readAllOf } from './read-whole.js';

/** Reads files by every way and says as JSON which checksums came; warnings go to standard error. */
const checksums: Record<string, number[]> = {};
for (const path of process.argv.slice(2)) {
  checksums[path] = [];
  for (const way of Object.keys(READ_WAYS) as ReadWay[]) checksums[path].push(await readAllOf(path, way));
}
console.log(JSON.stringify(checksums));
