import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isZcError } from '@zc/errors';
import { expect } from 'vitest';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';
import { infer } from '../../src/index.js';

/**
 * Opens and reads an input in which one file was changed, in many ways, and expects of each either rows or a coded
 * error that names the file; tells how often it was an error.
 *
 * @param files the input: paths in it and their bytes; a single file is opened as such
 * @param changed which of them is damaged
 */
export async function readDamaged(
  files: Readonly<Record<string, Uint8Array>>,
  changed: string,
  damages: Iterable<Uint8Array>,
): Promise<{ refused: number; accepted: number }> {
  const root = temporaryDirectory();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), bytes);
  }
  const input = Object.keys(files).length === 1 ? join(root, changed) : root;
  let refused = 0;
  let accepted = 0;
  for (const bytes of damages) {
    writeFileSync(join(root, changed), bytes);
    try {
      const source = await infer(input);
      for await (const row of source.rows(0)) if ('error' in row) throw row.error;
      accepted++;
    } catch (error) {
      refused++;
      if (!isZcError(error)) throw error;
      expect(error.code).toMatch(/^ZC_(CONVERT|FORMAT)_/);
      expect(error.path ?? '').toContain(root);
    }
  }
  return { refused, accepted };
}

/** Every beginning of the bytes, `step` bytes apart. */
export function* cuts(bytes: Uint8Array, step = 1): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length += step) yield bytes.subarray(0, length);
}

/** One byte after the other turned over, `step` bytes apart. */
export function* flips(bytes: Uint8Array, step = 1): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 0xff;
    yield changed;
  }
}

export function bytesOf(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(path));
}
