import { torchBasics } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-step',
  title: 'a training step of 20 ms a batch: what the loader adds to it',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  stepMs: 20,
  contenders: torchBasics,
  reaches: [{ subject: 'zc', than: 'consumer', measure: 'mb_s', factor: 0.99 }],
} satisfies Scenario;
