import { ZcError, type ZcErrorCode } from '@zc/errors';

/** An error that was told as JSON, by another thread or an earlier process. */
export function errorFromJson(json: Record<string, unknown>): ZcError {
  const { name: _, code, summary, ...details } = json;
  return new ZcError(code as ZcErrorCode, summary as string, details);
}
