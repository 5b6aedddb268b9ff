import { isZcError, type ZcError, type ZcErrorCode } from '@zc/errors';
import { expect } from 'vitest';

/** The error that a call throws or a promise is rejected with, which must be one of ours with this code. */
export async function failure(code: ZcErrorCode, call: () => unknown): Promise<ZcError> {
  try {
    await call();
  } catch (error) {
    if (!isZcError(error)) throw error;
    expect(error.code, error.message).toBe(code);
    return error;
  }
  return expect.fail(`nothing was thrown, expected ${code}`);
}
