import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sum64 } from '@zc/io';

const CHUNK_BYTES = 2 ** 20;

/** Throws unless a file that a contender wrote has this size and these bytes. */
export function checkOutput(path: string, expected: { bytes: number; sum: string }): void {
  const { size } = statSync(path);
  const sum = sumOfFile(path).toString();
  if (size === expected.bytes && sum === expected.sum) return;
  throw new Error(
    `${path} has ${size} bytes of sum ${sum}, and its writer says ${expected.bytes} of sum ${expected.sum}`,
  );
}

/** Throws unless a folder that a contender wrote holds as many bytes as the rows have; formats add their own. */
export function checkOutputFolder(path: string, rowsBytes: number): void {
  const names = readdirSync(path, { recursive: true }) as string[];
  const bytes = names.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  if (bytes >= rowsBytes) return;
  throw new Error(`${path} has ${bytes} bytes, and the rows alone have ${rowsBytes}`);
}

export function removeOutput(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function sumOfFile(path: string): bigint {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(CHUNK_BYTES);
  let sum = 0n;
  try {
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      sum += sum64(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(file);
  }
  return BigInt.asUintN(64, sum);
}
