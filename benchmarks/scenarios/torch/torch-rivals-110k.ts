import { torchRivals } from '../../rivals/torch-rivals.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-rivals-110k',
  title: 'shuffled 110 KB rows in the page cache, by every loader that could be had',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: torchRivals,
  reaches: [],
  smoke: false,
} satisfies Scenario;
