import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The longer names come first: an alias also matches what begins with it and a slash.
const alias = {
  '@zc/format/node': at('packages/format/src/node/index.ts'),
  ...Object.fromEntries(
    readdirSync(at('packages')).map((name) => [`@zc/${name}`, at(`packages/${name}/src/index.ts`)]),
  ),
};

// Every package, and the tools.
const roots = ['packages', 'examples']
  .flatMap((folder) => readdirSync(at(folder)).map((name) => `${folder}/${name}`))
  .filter((root) => existsSync(at(`${root}/package.json`)))
  .concat('benchmarks', 'tools');

export default defineConfig({
  test: {
    projects: roots.map((root) => ({
      resolve: { alias },
      test: {
        name: root.slice(root.lastIndexOf('/') + 1),
        root: at(root),
        include: [root === 'tools' ? '*/test/**/*.test.ts' : 'test/**/*.test.ts'],
        environment: 'node',
        // Processes, not threads: native code is loaded, and tests start workers and send signals themselves.
        pool: 'forks',
        execArgv: ['--expose-gc'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      },
    })),
  },
});
