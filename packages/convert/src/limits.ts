import { ZcError } from '@zc/errors';

/**
 * How much of a hostile or broken input is looked at before it is refused.
 *
 * Each is checked before anything is allocated or computed by the value it bounds.
 */
export const convertLimits = {
  /** Files that one input may name, brace lists written out. */
  INPUT_PATHS_MAX: 100_000,
} as const;

/** The name of a limit. */
export type ConvertLimitName = keyof typeof convertLimits;

/** @throws ZC_CONVERT_LIMIT where `actual` is above the limit; `details` say where. */
export function refuseBeyond(
  name: ConvertLimitName,
  actual: number,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): void {
  if (actual <= convertLimits[name]) return;
  throw new ZcError('ZC_CONVERT_LIMIT', `${what} is ${actual}, above ${name} (${convertLimits[name]})`, {
    expected: convertLimits[name],
    actual,
    ...details,
  });
}
