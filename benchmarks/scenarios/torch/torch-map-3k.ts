import { torchLoaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-map-3k',
  title:
    "our map-style dataset in torch's own loader, without workers, with its default collate function and ours",
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: {
    zc: { runtime: 'python', module: 'python/zc_map', params: { collate: 'default' }, needs: ['torch'] },
    'zc-collate': {
      runtime: 'python',
      module: 'python/zc_map',
      params: { collate: 'ours' },
      needs: ['torch'],
    },
    gather: torchLoaders.gather,
  },
  reaches: [{ subject: 'zc', than: 'gather', measure: 'mb_s', factor: 1.2 }],
} satisfies Scenario;
