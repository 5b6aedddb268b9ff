import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bridge } from './bridge.js';

/** A client that is gone waits for nothing: what is not closed by then ends with the process. */
const CLOSE_TIMEOUT_MS = 500;

const ADDON = join('prebuilds', `linux-${process.arch}`, '@zc+io.glibc.node');
const ADDON_IN_WHEEL = '../native/zc_io.node';

main();

/** The program that a trainer starts; see docs/reference/bridge-protocol.md, section 1. */
function main(): void {
  const numbers = readNumbers();
  // In a terminal's Ctrl-C the trainer still has to save; the server goes when the trainer does.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.env.ZC_IO_ADDON ??= findAddon();
  leaveWithout(numbers.parent);
  const bridge = new Bridge({ ...numbers, onEnd: leave });
  // It may have gone before it was watched, and its number may be another's by now.
  leaveWithout(numbers.parent);
  async function leave(): Promise<void> {
    setTimeout(() => process.exit(0), CLOSE_TIMEOUT_MS);
    await bridge.close();
    process.exit(0);
  }
}

/** The trainer is the parent: where another process is, there is nobody to serve. */
function leaveWithout(trainer: number): void {
  if (process.ppid !== trainer) process.exit(0);
}

function readNumbers(): { control: number; descriptors: number; released: number; parent: number } {
  const option = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { control: option, descriptors: option, released: option, parent: option },
  });
  const numberOf = (name: keyof typeof values): number => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value))
      throw new TypeError(`--${name} must be a number: zero_copy_loader gives it`);
    return value;
  };
  return {
    control: numberOf('control'),
    descriptors: numberOf('descriptors'),
    released: numberOf('released'),
    parent: numberOf('parent'),
  };
}

/** The wheel has the addon beside this file's folder; else it is where @zc/io is installed. */
function findAddon(): string {
  const inWheel = join(dirname(fileURLToPath(import.meta.url)), ADDON_IN_WHEEL);
  if (existsSync(inWheel)) return inWheel;
  const packageFile = createRequire(import.meta.url).resolve('@zc/io/package.json');
  return join(dirname(packageFile), ADDON);
}
