import { cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, root } from '../step.mjs';

/**
 * A folder in which node-gyp finds Node's headers without downloading them: the prefix of the Node that
 * runs, where the headers came with it, else one made from the package `node-api-headers`.
 */
export function nodeHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  if (existsSync(join(prefix, 'include/node/node_api.h'))) return prefix;
  const folder = join(cache, 'node-headers');
  const include = join(folder, 'include/node');
  if (!existsSync(join(include, 'common.gypi'))) {
    mkdirSync(include, { recursive: true });
    cpSync(join(root, 'node_modules/node-api-headers/include'), include, { recursive: true });
    writeFileSync(join(include, 'common.gypi'), COMMON_GYPI);
  }
  return folder;
}

// node-gyp includes this file of Node's in every build. An addon that uses N-API alone needs no more of it
// than the two configurations and position-independent code.
const COMMON_GYPI = `{
  'target_defaults': {
    'default_configuration': 'Release',
    'cflags': ['-fPIC', '-pthread', '-fvisibility=hidden'],
    'ldflags': ['-pthread'],
    'configurations': {
      'Release': { 'cflags': ['-O3'] },
      'Debug': { 'cflags': ['-g', '-O0'] },
    },
  },
}
`;
