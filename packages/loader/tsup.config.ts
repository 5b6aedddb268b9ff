import { library } from '../../tools/build/library.js';

export default library({
  index: 'src/index.ts',
  'transform-worker': 'src/transform-worker.ts',
  prometheus: 'src/stats/prometheus.ts',
});
