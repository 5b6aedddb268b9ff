import { work } from '../process.mjs';
import { report } from '../step.mjs';
import { toolchain } from './toolchain.mjs';

/**
 * Builds every package and the native core.
 *
 * There is no stamp: Turborepo knows better what has changed, and says so within a second.
 */
export async function build() {
  await toolchain();
  const startMs = performance.now();
  await work(
    'build',
    'turbo',
    ['run', 'build', 'build:native', '--concurrency', '2', '--output-logs', 'errors-only'],
    'Correct what the compiler says above, then run the command again.',
  );
  report('packages and native core built', startMs);
}
