import { library } from '../../tools/build/library.js';

export default library(
  {
    index: 'src/index.ts',
    'step-worker': 'src/step-worker.ts',
  },
  // An optional dependency is not left outside by itself.
  { external: [/^@zc\//, 'sharp'] },
);
