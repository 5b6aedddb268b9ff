import { isZcError, type ZcError, type ZcErrorCode } from '@zc/errors';
import { expect } from 'vitest';

/** Runs something that must fail with the given code, and gives the error. */
export async function failure(code: ZcErrorCode, work: () => unknown): Promise<ZcError> {
  try {
    await work();
  } catch (error) {
    if (!isZcError(error)) throw error;
    expect(error.code).toBe(code);
    return error;
  }
  throw new Error(`nothing was thrown, expected ${code}`);
}
