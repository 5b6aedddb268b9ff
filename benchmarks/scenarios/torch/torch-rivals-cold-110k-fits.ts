import { torchRivals } from '../../rivals/torch-rivals.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-rivals-cold-110k-fits',
  title:
    'shuffled 110 KB rows from a cold disk, of a set that fits memory, by every loader that could be had',
  data: 'rows-110k',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: torchRivals,
  reaches: [],
} satisfies Scenario;
