// What somebody does who has installed the package, as CommonJS. Prints the bytes that were read.
const { writeFileSync } = require('node:fs');
const { BufferPool, capabilities, encodeReadPlan, MappedFile, ReadEngine } = require('@zc/io');

async function main() {
  writeFileSync('data', 'hello from a file');
  const { kernel } = capabilities();
  const engine = new ReadEngine();
  const file = engine.openFile('data');
  const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const lease = pool.acquire();
  const pieces = [{ extentOffset: 0, length: 5, slotOffset: 0 }];
  await engine.read(lease, encodeReadPlan([{ file, offset: 0, length: 5, way: 'auto-direct', pieces }]));
  const read = Buffer.from(lease.buffer, 0, 5).toString();
  const mapped = Buffer.from(new MappedFile('data').view(6, 4)).toString();
  lease.release();
  await engine.close();
  console.log(JSON.stringify({ node: process.versions.node.split('.')[0], kernel, read, mapped }));
}

main();
