import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
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

export function removeOutput(path: string): void {
  rmSync(path, { force: true });
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
