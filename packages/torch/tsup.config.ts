import { library } from '../../tools/build/library.js';

const index = library({ index: 'src/index.ts' });

/** The server is one file with everything in it but the native addon: a wheel carries it to Python. */
const server = library(
  { server: 'src/server.ts' },
  { format: ['esm'], clean: false, dts: false, external: [], noExternal: [/^@zc\//, 'zod'] },
);

export default [index, server].flat();
