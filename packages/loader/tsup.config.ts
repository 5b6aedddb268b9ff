import { library } from '../../tools/build/library.js';

export default library({ index: 'src/index.ts', prometheus: 'src/prometheus.ts' });
