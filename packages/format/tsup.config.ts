import { library } from '../../tools/build/library.js';

export default library(
  { index: 'src/index.ts', 'node/index': 'src/node/index.ts' },
  // `canonicalize` offers no `require`: its one function goes into the bundle.
  { noExternal: ['canonicalize'] },
);
