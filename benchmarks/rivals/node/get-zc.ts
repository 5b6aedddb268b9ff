import { Dataset, type DatasetOptions } from '@zc/loader';
import { timedGets } from './timed-gets.js';

/** `dataset.get(i)`: a view of the mapped file; `params` are the dataset's options. */
export default timedGets(async ({ data, params }) => {
  const dataset = await Dataset.open(data.shards, params as DatasetOptions);
  return {
    get(id) {
      const { x, label } = dataset.get(id) as { x: { data: Uint8Array }; label: bigint };
      return { row: x.data, label };
    },
    close: () => dataset.close(),
  };
});
