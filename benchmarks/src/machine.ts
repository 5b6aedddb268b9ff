import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { capabilities } from '@zc/io';
import { dataFolder, pythonInterpreter } from './folders.js';

/** What a reader needs to know of the machine to judge the figures. */
export function describeMachine(): Record<string, unknown> {
  return {
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
    filesystem_type: `0x${statfsSync(dataFolder()).type.toString(16)}`,
    io: capabilities(dataFolder()),
    node: process.version,
    python: firstLine(pythonInterpreter(), '--version'),
    torch: firstLine(pythonInterpreter(), '-c', 'import torch; print(torch.__version__)'),
    fio: firstLine('fio', '--version'),
  };
}

function firstLine(command: string, ...args: string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    )[0]!;
  } catch {
    return null;
  }
}
