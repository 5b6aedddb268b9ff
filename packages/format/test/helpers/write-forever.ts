/** Appends samples to a dataset until it is killed; says so once it has begun. */
import { defineSchema, field } from '../../src/index.js';
import { DatasetWriter } from '../../src/node/index.js';

const schema = defineSchema({ photo: field.bytes(), label: field.scalar('int32') });
const writer = await DatasetWriter.create(process.argv[2]!, { schema, shardBytes: 2 ** 20 });
for (let i = 0; ; i++) {
  await writer.append({ photo: new Uint8Array(100_000).fill(i), label: i });
  if (i === 25) console.log(process.pid);
}
