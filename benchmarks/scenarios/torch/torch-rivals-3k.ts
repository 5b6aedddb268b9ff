import { torchRivals } from '../../rivals/torch-rivals.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-rivals-3k',
  title: 'shuffled 3 KB rows in the page cache, by every loader that could be had',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: torchRivals,
  reaches: [],
  smoke: false,
} satisfies Scenario;
