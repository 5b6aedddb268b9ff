/** Writes one shard of `argv[3]` MiB to a file and prints the most memory that took, or the error. */
import { defineSchema, field, ShardWriter } from '../../src/index.js';
import { fileSink, nodeDigests } from '../../src/node/index.js';

const [, , path, megabytes] = process.argv;
const ROW_BYTES = 128 * 1024;
const rows = (Number(megabytes) * 2 ** 20) / ROW_BYTES / 2;

// Half of the bytes go straight to their place, half have to wait.
const schema = defineSchema({
  image: field.tensor('uint8', [ROW_BYTES]),
  photo: field.bytes(),
  label: field.scalar('int32'),
});
const sink = await fileSink(path!);
try {
  const writer = await ShardWriter.create(sink, { schema, digests: nodeDigests });
  const start = process.hrtime.bigint();
  for (let i = 0; i < rows; i++) {
    const image = new Uint8Array(ROW_BYTES).fill(i);
    await writer.append({ image, photo: image, label: i });
  }
  const summary = await writer.finish();
  await sink.finish();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ ...summary, seconds, peakBytes: process.resourceUsage().maxRSS * 1024 }));
} catch (error) {
  console.log(JSON.stringify({ error }));
}
