import { isZcError, type ZcError, type ZcErrorCode } from '@zc/errors';
import { expect } from 'vitest';

/** The error that a call throws, which must be one of ours with this code. */
export function thrown(code: ZcErrorCode, call: () => unknown): ZcError {
  try {
    call();
  } catch (error) {
    return checked(code, error);
  }
  return expect.fail(`nothing was thrown, expected ${code}`);
}

/** The error that a promise is rejected with, which must be one of ours with this code. */
export async function rejected(code: ZcErrorCode, promise: Promise<unknown>): Promise<ZcError> {
  try {
    await promise;
  } catch (error) {
    return checked(code, error);
  }
  return expect.fail(`the promise was fulfilled, expected ${code}`);
}

function checked(code: ZcErrorCode, error: unknown): ZcError {
  if (!isZcError(error)) throw error;
  expect(error.code, error.message).toBe(code);
  return error;
}
