import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { work } from '../process.mjs';
import { doStep, root, textOf } from '../step.mjs';

/**
 * Everything from npm, with pnpm at the version that package.json pins.
 *
 * npm fetches that pnpm for one run; afterwards it lies in node_modules. (corepack is no help: the releases
 * that come with Node 20 refuse the registry's present signing keys.)
 */
export async function packages() {
  const pnpm = JSON.parse(textOf('package.json')).packageManager;
  await doStep('packages', {
    title: 'packages installed',
    inputs: [textOf('pnpm-lock.yaml'), textOf('pnpm-workspace.yaml'), process.version],
    present: () => existsSync(join(root, 'node_modules/.modules.yaml')),
    run: async () => {
      await work(
        'packages',
        'npm',
        ['exec', '--yes', pnpm, '--', 'install', '--frozen-lockfile'],
        'Check that the npm registry can be reached; after a change to a package.json run ' +
          `\`npm exec --yes ${pnpm} -- install\` and commit pnpm-lock.yaml.`,
      );
      return pnpm;
    },
  });
}
