import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The command `zc` with all that it needs, for a Python package: what it loads only now and then are files of
 * their own beside it, and so is what its threads run. Libraries with native code of their own stay outside.
 */
export default defineConfig({
  entry: {
    zc: 'tools/wheel/zc.ts',
    'step-worker': 'packages/convert/src/step-worker.ts',
  },
  outDir: '.cache/wheel/zero_copy_loader/server',
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  splitting: true,
  sourcemap: false,
  minify: false,
  dts: false,
  noExternal: [/.*/],
  metafile: true,
  esbuildOptions(options) {
    // As Node resolves them.
    options.mainFields = ['main'];
    options.alias = { sharp: at('no-sharp.ts') };
  },
  // Bundled CommonJS asks for Node's own modules by `require`, which an ES module lacks.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
  },
});
