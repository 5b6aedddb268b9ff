import { ZcError } from '@zc/errors';
import { checkOptions, flag, type OptionRule, type OptionRules, whole } from '../options.js';
import type { PixelProgram } from './pixel-program.js';

/**
 * One thing that is done to a field of every sample, natively. `Makes` is the dtype of its result, where it
 * changes that.
 */
export interface Transform<Makes extends 'float32' | 'same' = 'float32' | 'same'> {
  readonly name: string;
  /** For the compiler alone: never set. */
  readonly makes?: Makes;
  /** @internal */
  addTo(program: PixelProgram): void;
}

/** What is done to each field, in turn. */
export type TransformFields = Readonly<Record<string, readonly Transform[]>>;

export const transformFields: OptionRule = {
  words: 'a record of fields, each with a list of transforms',
  allows: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((list) => Array.isArray(list) && list.every(isTransform)),
};

/** Where random numbers come from. */
export interface RandomOptions {
  /**
   * Fields with the same number draw the same crops and flips, so that an image and its mask stay together;
   * another number draws others. 0 by default.
   */
  stream?: number;
}

/** What lies around an image that was made larger. */
interface FillOptions {
  fill?: number;
}

/** A crop's size: of both sides, or height and width. */
export type Size = number | readonly [height: number, width: number];

/**
 * Makes float32 numbers of any real dtype.
 *
 * Unsigned and signed integers are divided by the greatest number of their type (`scale: false` leaves their
 * values), as torchvision's `ToDtype(torch.float32, scale=True)` does; bool becomes 0 and 1.
 */
export function toFloat(options: { scale?: boolean } = {}): Transform<'float32'> {
  checkOptions(options, { scale: flag });
  const { scale = true } = options;
  return { name: 'toFloat', addTo: (program) => program.toFloat(scale) };
}

/**
 * Subtracts a mean and divides by a standard deviation, each one number or one a channel. Integers become
 * `toFloat()` first, so that mean and deviation are on the scale from 0 to 1, as in torchvision.
 *
 * @example normalize({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })
 */
export function normalize(numbers: {
  mean: number | readonly number[];
  std: number | readonly number[];
}): Transform<'float32'> {
  const mean = listOf('mean', numbers?.mean);
  const std = listOf('std', numbers?.std);
  if (std.includes(0)) throw new ZcError('ZC_ARGUMENT', 'normalize: std must not be 0');
  return { name: 'normalize', addTo: (program) => program.normalize(mean, std) };
}

/** Images of [height, width, channels] become [channels, height, width]; [height, width] become [1, height, width]. */
export function channelsFirst(): Transform<'same'> {
  return { name: 'channelsFirst', addTo: (program) => program.channelsFirst() };
}

/** Puts `padding` pixels of value `fill` (0) around an image: on all sides, or [top and bottom, left and right]. */
export function pad(padding: Size, options: FillOptions = {}): Transform<'same'> {
  checkOptions(options, fillRules);
  const { fill = 0 } = options;
  const [vertical, horizontal] = sizeOf('pad', padding, 0);
  return {
    name: 'pad',
    addTo(program) {
      const { height, width } = program;
      program.crop({ height: height + 2 * vertical, width: width + 2 * horizontal, fill, random: undefined });
    },
  };
}

/** Cuts out the middle of an image; where the image is smaller, `fill` (0) surrounds it. */
export function centerCrop(size: Size, options: FillOptions = {}): Transform<'same'> {
  checkOptions(options, fillRules);
  const { fill = 0 } = options;
  const [height, width] = sizeOf('centerCrop', size, 1);
  return { name: 'centerCrop', addTo: (program) => program.crop({ height, width, fill, random: undefined }) };
}

/**
 * Cuts out a part of an image at a random place, after `padding` pixels of value `fill` (0) were put around it.
 *
 * @example randomCrop(32, { padding: 4 })
 */
export function randomCrop(
  size: Size,
  options: { padding?: Size } & FillOptions & RandomOptions = {},
): Transform<'same'> {
  checkOptions(options, randomCropRules);
  const { padding = 0, fill = 0, stream = 0 } = options;
  const [height, width] = sizeOf('randomCrop', size, 1);
  const [vertical, horizontal] = sizeOf('randomCrop: padding', padding, 0);
  const random = { vertical, horizontal, stream };
  return { name: 'randomCrop', addTo: (program) => program.crop({ height, width, fill, random }) };
}

/** Mirrors an image from left to right, with the given probability (0.5). */
export function randomHorizontalFlip(
  options: { probability?: number } & RandomOptions = {},
): Transform<'same'> {
  checkOptions(options, randomHorizontalFlipRules);
  const { probability = 0.5, stream = 0 } = options;
  const flip = { probability, stream };
  return { name: 'randomHorizontalFlip', addTo: (program) => program.flip(flip) };
}

const number: OptionRule = { words: 'a number', allows: (value) => typeof value === 'number' };

/** `padding` is checked where it is read, for its message names the parts of a size. */
const anything: OptionRule = { words: 'anything', allows: () => true };

const fillRules: OptionRules<FillOptions> = { fill: number };

const randomCropRules = { padding: anything, fill: number, stream: whole(0) };

const randomHorizontalFlipRules = {
  probability: {
    words: 'a number from 0 to 1',
    allows: (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  stream: whole(0),
};

function isTransform(value: unknown): boolean {
  return typeof (value as Transform | null)?.addTo === 'function';
}

function listOf(name: string, value: number | readonly number[] | undefined): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  if (Array.isArray(list) && list.length > 0 && list.every(Number.isFinite)) return list;
  throw new ZcError('ZC_ARGUMENT', `normalize: ${name} must be a number or a list of them, not ${value}`);
}

function sizeOf(name: string, size: Size, least: number): readonly [number, number] {
  const pair = typeof size === 'number' ? [size, size] : size;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isSafeInteger(n) && n >= least)) {
    return [pair[0]!, pair[1]!];
  }
  throw new ZcError(
    'ZC_ARGUMENT',
    `${name}: must be a whole number from ${least} on, or [height, width] of them, not ${size}`,
  );
}
