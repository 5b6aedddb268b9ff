import { expect } from 'vitest';

/** `toEqual` looks at a million bytes one by one; this compares them at once, and says where they differ. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, i) => actual[i] !== byte);
  expect.fail(`${actual.length} bytes, expected ${expected.length}; they differ from byte ${at} on`);
}
