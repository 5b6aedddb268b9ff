// Makes float32 planes of the image, brightened by a random amount, and marks the label with the thread it ran in.
import { threadId } from 'node:worker_threads';

export const schema = {
  bright: { kind: 'tensor', dtype: 'float32', shape: [4, 4] },
  thread: { kind: 'tensor', dtype: 'int32', shape: [] },
};

export default async function brighten(batch, out) {
  const { image, label } = batch.fields;
  for (const row of batch.rows()) {
    const by = batch.random(row);
    for (let k = 0; k < 16; k++) out.bright.data[row * 16 + k] = image.data[row * 16 + k] + by;
    out.thread.data[row] = threadId;
    label.data[row] += 1000n;
  }
  // Batches end in another order than they began in.
  await new Promise((resolve) => setTimeout(resolve, (batch.indices[0] % 5) * 3));
}
