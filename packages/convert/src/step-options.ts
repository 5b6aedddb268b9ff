import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ZcError } from '@zc/errors';
import type { StepSpec } from './steps/chain.js';

/**
 * What is changed of samples between the source and the dataset, in this order: `drop` and `rename` by the source's
 * names, then `decode`, `map`, `field` and `fixed` by the new ones.
 */
export interface StepOptions {
  /** Fields that are left out. */
  readonly drop?: readonly string[] | undefined;
  /** New names of fields by their old ones. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether encoded media are decoded: JPEG, PNG and WebP to `uint8[height, width, 3]` (by the package sharp), WAV and
   * FLAC to `int16[null]`, with several channels `[null, channels]`.
   */
  readonly decode?: boolean | undefined;
  /** With `decode`: the size that images are brought to, `WIDTHxHEIGHT`. */
  readonly resize?: string | undefined;
  /** With `resize`: `center` keeps the proportions and cuts off what stands out; without it they are stretched. */
  readonly crop?: 'center' | undefined;
  /** With `decode`: what samples of recordings become, `int16` or `float32` from -1 to 1. Default `int16`. */
  readonly audio?: 'int16' | 'float32' | undefined;
  /** An ES module whose default export makes of each sample another, several, or none: see `MapFunction`. */
  readonly map?: string | URL | undefined;
  /** Types that fields are brought to, such as `uint8[224,224,3]`, by their names. */
  readonly field?: Readonly<Record<string, string>> | undefined;
  /** Tensors whose ragged dimensions are the same in all rows, and become fixed. */
  readonly fixed?: readonly string[] | undefined;
}

/** The steps that options ask for. @throws ZC_ARGUMENT */
export function stepsOf(options: StepOptions): StepSpec[] {
  const { drop = [], rename = {}, decode, map, field = {}, fixed = [] } = options;
  refuseWithoutDecode(options);
  const steps: StepSpec[] = [];
  if (drop.length > 0) steps.push({ kind: 'drop', names: drop });
  if (Object.keys(rename).length > 0) steps.push({ kind: 'rename', names: rename });
  if (decode) {
    const size = sizeOf(options);
    steps.push({ kind: 'decode', spec: { size, soundDtype: options.audio ?? 'int16' } });
  }
  if (map !== undefined) steps.push({ kind: 'map', url: urlOf(map) });
  if (Object.keys(field).length > 0) steps.push({ kind: 'override', types: field });
  if (fixed.length > 0) steps.push({ kind: 'fixed', names: fixed });
  return steps;
}

function urlOf(map: string | URL): string {
  return map instanceof URL ? map.href : pathToFileURL(resolve(map)).href;
}

function sizeOf({ resize, crop }: StepOptions) {
  if (resize === undefined) return undefined;
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(resize) ?? [];
  if (width === undefined || height === undefined) {
    throw new ZcError('ZC_ARGUMENT', `resize is ${resize}, expected WIDTHxHEIGHT such as 224x224`, {
      actual: resize,
    });
  }
  return { width: Number(width), height: Number(height), crop };
}

function refuseWithoutDecode({ decode, resize, crop, audio }: StepOptions): void {
  const refuse = (what: string, needs: string) => {
    throw new ZcError('ZC_ARGUMENT', `${what} works on what ${needs} makes, which was not asked for`);
  };
  if (!decode && resize !== undefined) refuse('resize', 'decode');
  if (!decode && audio !== undefined) refuse('audio', 'decode');
  if (resize === undefined && crop !== undefined) refuse('crop', 'resize');
  if (crop !== undefined && crop !== 'center') {
    throw new ZcError('ZC_ARGUMENT', `crop is ${crop}, expected center`, { actual: crop });
  }
  if (audio !== undefined && audio !== 'int16' && audio !== 'float32') {
    throw new ZcError('ZC_ARGUMENT', `audio is ${audio}, expected int16 or float32`, { actual: audio });
  }
}
