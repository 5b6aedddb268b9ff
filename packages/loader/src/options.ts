import { inspect } from 'node:util';
import { ZcError } from '@zc/errors';
import { nearestName } from './nearest-name.js';

/** What one option may be; left out or undefined it has its default. */
export interface OptionRule {
  /** In words that fit "must be …". */
  readonly words: string;
  allows(value: unknown): boolean;
}

export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

export const flag: OptionRule = { words: 'true or false', allows: (value) => typeof value === 'boolean' };

export const callback: OptionRule = { words: 'a function', allows: (value) => typeof value === 'function' };

export const names: OptionRule = {
  words: 'a list of names',
  allows: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

export const abortSignal: OptionRule = {
  words: 'an AbortSignal',
  allows: (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function',
};

export function whole(least: number): OptionRule {
  return {
    words: `a whole number from ${least} on`,
    allows: (value) => Number.isSafeInteger(value) && (value as number) >= least,
  };
}

export function oneOf(...allowed: readonly string[]): OptionRule {
  return { words: `one of ${allowed.join(', ')}`, allows: (value) => allowed.includes(value as string) };
}

/**
 * Checks options that JavaScript let through: their names, for one that is misspelt would have no effect, and
 * what they are.
 *
 * @throws ZC_ARGUMENT naming the option
 */
export function checkOptions<Options extends object>(options: Options, rules: OptionRules<Options>): void {
  if (typeof options !== 'object' || options === null) {
    throw new ZcError('ZC_ARGUMENT', `options must be an object, not ${shown(options)}`, {
      actual: options,
    });
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) throw unknownOption(name, Object.keys(rules));
    if (value !== undefined) checkValue(name, value, rules[name as keyof Options]);
  }
}

/** @throws ZC_ARGUMENT unless the value is a whole number that is not below `least` */
export function checkWhole(name: string, value: number, least: number): number {
  checkValue(name, value, whole(least));
  return value;
}

function checkValue(name: string, value: unknown, { words, allows }: OptionRule): void {
  if (allows(value)) return;
  throw new ZcError('ZC_ARGUMENT', `${name} must be ${words}, not ${shown(value)}`, { actual: value });
}

/** A value as it would be written: the string '3' is no 3, and an object's members say which of them is wrong. */
function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 4, maxStringLength: 100 });
}

function unknownOption(name: string, known: readonly string[]): ZcError {
  const nearest = nearestName(name, known);
  const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return new ZcError('ZC_ARGUMENT', `there is no option ${name}${meant}`, { expected: known, actual: name });
}
