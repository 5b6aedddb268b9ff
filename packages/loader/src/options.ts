import { ZcError } from '@zc/errors';

/** @throws ZC_ARGUMENT unless the value is a whole number that is not below `least` */
export function checkWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ZcError('ZC_ARGUMENT', `${name} must be a whole number from ${least} on, not ${value}`, {
    actual: value,
  });
}

/** @throws ZC_ARGUMENT unless the value is one of those */
export function checkOneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new ZcError('ZC_ARGUMENT', `${name} must be one of ${allowed.join(', ')}, not ${value}`, {
    expected: allowed,
    actual: value,
  });
}
