import { library } from '../tools/build/library.js';

/** Every scenario and every rival in Node is a module of its own, found by its place. */
export default library(
  ['src/index.ts', 'src/main.ts', 'src/harness.ts', 'scenarios/**/*.ts', 'rivals/node/*.ts'],
  {
    format: ['esm'],
    dts: false,
    shims: false,
  },
);
