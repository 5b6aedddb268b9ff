import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-views',
  title: 'views of random 3 KB rows that lie in the page cache: get(i)',
  data: 'rows-3k',
  temperature: 'warm',
  consumes: 'labels',
  batchSize: 256,
  shuffle: true,
  contenders: {
    zc: { runtime: 'node', module: 'node/views' },
    'zc-unpriv': { runtime: 'node', module: 'node/views', unprivileged: true },
    'zc-verify': { runtime: 'node', module: 'node/views', params: { verify: 'always' } },
  },
  reaches: [{ subject: 'zc', than: 1_500_000, measure: 'samples_s', factor: 1 }],
  essential: true,
} satisfies Scenario;
