// Leaves an iteration in the way its second argument says, closes nothing, and must end by itself.
import { DataLoader } from '@zc/loader';

const [directory = '', way] = process.argv.slice(2);
const controller = new AbortController();
const loader = await DataLoader.open(directory, {
  batchSize: 4,
  shuffle: true,
  mode: 'direct',
  prefetchBatches: 8,
  signal: controller.signal,
});
let batches = 0;
try {
  for await (const batch of loader) {
    batches += batch.length / 4;
    if (batches < 3) continue;
    if (way === 'break') break;
    if (way === 'throw') throw new Error('from the body');
    if (way === 'abort') controller.abort(new Error('enough'));
    if (way === 'keep') batch.retain();
  }
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  console.log(code ?? message);
}
console.log(batches);
