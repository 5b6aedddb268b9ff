import { defineConfig } from 'tsup';

/**
 * The command `zc` with all that it needs, for a Python package: what it loads only now and then are files of
 * their own beside it. Libraries with native code of their own stay outside.
 */
export default defineConfig({
  entry: { zc: 'tools/wheel/zc.ts' },
  outDir: '.cache/wheel/zero_copy_loader/server',
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  splitting: true,
  sourcemap: false,
  minify: false,
  dts: false,
  noExternal: [/.*/],
  external: ['sharp'],
  metafile: true,
  esbuildOptions(options) {
    // As Node resolves them.
    options.mainFields = ['main'];
  },
  // Bundled CommonJS asks for Node's own modules by `require`, which an ES module lacks.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
});
