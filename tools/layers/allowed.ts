/** A package's place in the building: what it may import of ours, besides itself. */
export interface Layer {
  /** Its folder, from the root. */
  readonly folder: string;
  readonly mayImport: readonly string[];
}

const PACKAGES = ['errors', 'format', 'io', 'loader', 'torch', 'convert', 'cli'].map((name) => `@zc/${name}`);

/**
 * Which way the packages look. `@zc/errors` is a leaf that everyone may import; of the others, a package
 * imports only what lies below it, so that each can be understood, and used, with what it names here.
 */
export const layers: Readonly<Record<string, Layer>> = {
  '@zc/errors': { folder: 'packages/errors', mayImport: [] },
  '@zc/format': { folder: 'packages/format', mayImport: ['@zc/errors'] },
  '@zc/io': { folder: 'packages/io', mayImport: ['@zc/errors'] },
  '@zc/loader': { folder: 'packages/loader', mayImport: ['@zc/errors', '@zc/format', '@zc/io'] },
  '@zc/convert': { folder: 'packages/convert', mayImport: ['@zc/errors', '@zc/format', '@zc/io'] },
  '@zc/torch': { folder: 'packages/torch', mayImport: ['@zc/errors', '@zc/io', '@zc/loader'] },
  '@zc/cli': { folder: 'packages/cli', mayImport: PACKAGES.filter((name) => name !== '@zc/cli') },
  '@zc/benchmarks': { folder: 'benchmarks', mayImport: PACKAGES },
};
