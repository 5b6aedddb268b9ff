import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { cache, root } from './step.mjs';

/** Variables that every program of the repository is started with. */
export function environment() {
  /** @type {Record<string, string>} */
  const variables = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  const nodedir = readToolchain()?.nodedir;
  if (nodedir) variables.npm_config_nodedir = nodedir;
  const python = readPython();
  if (python) variables.ZC_PYTHON = python;
  variables.PYTHONPATH = [join(root, 'packages/torch/python/src'), process.env.PYTHONPATH]
    .filter(Boolean)
    .join(':');
  const pipConfig = pipConfigOfAccount();
  if (pipConfig) variables.PIP_CONFIG_FILE = pipConfig;
  return variables;
}

/**
 * What the native build is made with, as `steps/toolchain.mjs` wrote it.
 *
 * @returns {{ nodedir?: string } | undefined}
 */
function readToolchain() {
  const path = join(cache, 'toolchain.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** The Python interpreter that `steps/python.mjs` chose. */
export function readPython() {
  const path = join(cache, 'python');
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/**
 * pip's configuration in the account's own home, where HOME points elsewhere: it may name the only place
 * that packages are to be had from.
 */
function pipConfigOfAccount() {
  const home = userInfo().homedir;
  if (process.env.PIP_CONFIG_FILE || process.env.HOME === home) return undefined;
  return ['.config/pip/pip.conf', '.pip/pip.conf']
    .map((path) => join(home, path))
    .find((path) => existsSync(path));
}
