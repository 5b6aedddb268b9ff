import { defineConfig, type Options } from 'tsup';

/**
 * The build of every package: ESM, CommonJS and types from one source.
 *
 * Our packages find each other's sources through `paths` while they are worked on; what is published must
 * name them instead, so the types are built without `paths` and `@zc/*` stays outside the bundle.
 */
export function library(entry: Options['entry'], options: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'es2022',
    shims: true,
    clean: true,
    sourcemap: true,
    splitting: false,
    external: [/^@zc\//],
    dts: { compilerOptions: { paths: {} } },
    ...options,
  });
}
