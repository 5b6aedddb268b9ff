import { ZcError } from '@zc/errors';
import { type Dtype, dtypes, type FieldPlan, planField, type TensorField } from '@zc/format';
import type { AffineStep, ElementType, SlotRows } from '@zc/io';
import type { RowDraws } from './row-draws.js';

/** A random crop: what surrounds the image, and which random numbers it takes. */
interface RandomPlace {
  vertical: number;
  horizontal: number;
  stream: number;
}

interface Crop {
  height: number;
  width: number;
  fill: number;
  /** Left out, the middle. */
  random: RandomPlace | undefined;
}

interface Flip {
  probability: number;
  stream: number;
}

/** What the random numbers of one stream are for. */
const PURPOSES = { top: 0, left: 1, flip: 2 } as const;
const PURPOSES_PER_STREAM = 8;

/** Of images whose layout is not said: more channels than this are taken for a side. */
const CHANNELS_MAX = 4;

/**
 * The transforms of one field, gathered into one pass over each row: which part of it, mirrored or not, with
 * which factor and offset a channel, in which order of channels.
 *
 * An image is a row of [height, width], [height, width, channels] or, with at most four channels in front,
 * [channels, height, width]. Any other row is taken as one line: only its numbers can be changed.
 */
export class PixelProgram {
  readonly #plan: FieldPlan;
  readonly #field: TensorField;
  readonly #isImage: boolean;
  readonly #source: { height: number; width: number; order: 'last' | 'first' };
  #height: number;
  #width: number;
  #order: 'last' | 'first';
  #channels: { scale: number; bias: number; fill: number }[];
  #isFloat: boolean;
  #hasChannelDimension: boolean;
  #crop: Crop | undefined;
  #flip: (Flip & { beforeCrop: boolean }) | undefined;

  /** @throws ZC_ARGUMENT for a field that is no tensor */
  constructor(plan: FieldPlan) {
    const { field } = plan;
    if (field.kind !== 'tensor') {
      throw new ZcError(
        'ZC_ARGUMENT',
        `field "${field.name}" is ${field.kind}: only tensors can be transformed`,
      );
    }
    this.#plan = plan;
    this.#field = field;
    const image = plan.fixed ? imageShape(field.shape as readonly number[]) : undefined;
    this.#isImage = image !== undefined;
    this.#hasChannelDimension = field.shape.length === 3;
    const { height, width, channels, order } = image ?? {
      ...{ height: 1, width: plan.rowBytes / plan.elementBytes, channels: 1, order: 'last' as const },
    };
    this.#source = { height, width, order };
    this.#height = height;
    this.#width = width;
    this.#order = order;
    this.#channels = Array.from({ length: channels }, () => ({ scale: 1, bias: 0, fill: 0 }));
    this.#isFloat = field.dtype === 'float32';
  }

  /** Of the image as the transforms so far leave it. */
  get height(): number {
    this.#demandImage('pad');
    return this.#height;
  }

  get width(): number {
    return this.#width;
  }

  toFloat(scales: boolean): void {
    const { dtype, name } = this.#field;
    if (dtype === 'complex64') {
      throw new ZcError('ZC_ARGUMENT', `field "${name}" is complex64: it has no float32 numbers`);
    }
    if (this.#isFloat) return;
    this.#isFloat = true;
    this.#scale(() => [scales ? 1 / greatestOf(dtype) : 1, 0]);
  }

  normalize(mean: readonly number[], std: readonly number[]): void {
    this.toFloat(true);
    const wanted = Math.max(mean.length, std.length);
    this.#demandChannels(wanted);
    for (const list of [mean, std]) {
      if (list.length === 1 || list.length === this.#channels.length) continue;
      throw new ZcError(
        'ZC_ARGUMENT',
        `field "${this.#field.name}" has ${this.#channels.length} channels, normalize has ${list.length} numbers`,
        { expected: this.#channels.length, actual: list.length },
      );
    }
    this.#scale((channel) => {
      const deviation = std[channel] ?? std[0]!;
      return [1 / deviation, -(mean[channel] ?? mean[0]!) / deviation];
    });
  }

  channelsFirst(): void {
    this.#demandImage('channelsFirst');
    this.#order = 'first';
    this.#hasChannelDimension = true;
  }

  crop(crop: Crop): void {
    this.#demandImage('a crop or pad');
    this.#demandOnce(this.#crop, 'one crop or pad');
    const { random, height, width, fill } = crop;
    const fits =
      random === undefined ||
      (height <= this.#height + 2 * random.vertical && width <= this.#width + 2 * random.horizontal);
    if (!fits) {
      throw new ZcError(
        'ZC_ARGUMENT',
        `randomCrop of ${height} x ${width} is larger than field "${this.#field.name}"`,
        {
          expected: [this.#height, this.#width],
          actual: [height, width],
          advice: 'Give it `padding`, or a smaller size.',
        },
      );
    }
    this.#crop = crop;
    this.#height = height;
    this.#width = width;
    for (const channel of this.#channels) channel.fill = fill;
  }

  flip(flip: Flip): void {
    this.#demandImage('randomHorizontalFlip');
    this.#demandOnce(this.#flip, 'one flip');
    this.#flip = { ...flip, beforeCrop: this.#crop === undefined };
  }

  /** How the field's rows are after the transforms. */
  get result(): FieldPlan {
    const { dtype, shape, ...field } = this.#field;
    const outDtype = this.#isFloat ? 'float32' : dtype;
    return planField({ ...field, dtype: outDtype, shape: this.#isImage ? this.#imageShape() : shape });
  }

  /**
   * The step for fixed rows at one place of the slot, to be put to another.
   *
   * @param positions of each row, in the job's list
   */
  imageStep(source: number, target: number, positions: Float64Array, draws: RowDraws): AffineStep {
    const { height, width, order } = this.#source;
    const out = this.result;
    return {
      kind: 'affine',
      source: this.#rows({ offset: source, plan: this.#plan, order, height, width }),
      target: this.#rows({
        offset: target,
        plan: out,
        order: this.#order,
        height: this.#height,
        width: this.#width,
      }),
      channels: this.#channels,
      places: this.#places(positions, draws),
    };
  }

  /** The steps for a stretch of so many elements, without regard to rows: for numbers that change alike. */
  elementSteps(source: number, target: number, elements: number): AffineStep[] {
    const { elementBytes } = this.#plan;
    const channels = this.#channels.length;
    const pixels = elements / channels;
    const rows = Math.floor(pixels / STRETCH_PIXELS);
    const outBytes = this.result.elementBytes;
    const steps: AffineStep[] = [];
    for (const [first, count, width] of [
      [0, rows, STRETCH_PIXELS],
      [rows * STRETCH_PIXELS, 1, pixels - rows * STRETCH_PIXELS],
    ] as const) {
      if (count === 0 || width === 0) continue;
      const side = (offset: number, bytes: number, type: ElementType): SlotRows => ({
        offset: offset + first * channels * bytes,
        rowBytes: width * channels * bytes,
        ...{ type, channelOrder: 'last', height: 1, width },
      });
      steps.push({
        kind: 'affine',
        source: side(source, elementBytes, elementTypeOf(this.#field.dtype)),
        target: side(target, outBytes, this.#targetType),
        channels: this.#channels,
        places: new Float64Array(3 * count),
      });
    }
    return steps;
  }

  get #targetType(): ElementType {
    return this.#isFloat ? 'float32' : elementTypeOf(this.#field.dtype);
  }

  #imageShape(): number[] {
    const [height, width, channels] = [this.#height, this.#width, this.#channels.length];
    if (!this.#hasChannelDimension) return [height, width];
    return this.#order === 'first' ? [channels, height, width] : [height, width, channels];
  }

  #rows(rows: {
    offset: number;
    plan: FieldPlan;
    order: 'last' | 'first';
    height: number;
    width: number;
  }): SlotRows {
    const { offset, plan, order, height, width } = rows;
    const type = plan === this.#plan ? elementTypeOf(this.#field.dtype) : this.#targetType;
    return { offset, rowBytes: plan.rowBytes, type, channelOrder: order, height, width };
  }

  /** The native step crops first and mirrors then; a flip that came before the crop moves the crop instead. */
  #places(positions: Float64Array, draws: RowDraws): Float64Array {
    const places = new Float64Array(3 * positions.length);
    const crop = this.#crop;
    const flip = this.#flip;
    if (crop === undefined && flip === undefined) return places;
    const { height, width } = this.#source;
    for (let row = 0; row < positions.length; row++) {
      const position = positions[row]!;
      let top = 0;
      let left = 0;
      if (crop?.random !== undefined) {
        const { vertical, horizontal, stream } = crop.random;
        const purpose = stream * PURPOSES_PER_STREAM;
        const tops = height + 2 * vertical - crop.height + 1;
        const lefts = width + 2 * horizontal - crop.width + 1;
        top = draws.below(tops, position, purpose + PURPOSES.top) - vertical;
        left = draws.below(lefts, position, purpose + PURPOSES.left) - horizontal;
      } else if (crop !== undefined) {
        top = Math.floor((height - crop.height) / 2);
        left = Math.floor((width - crop.width) / 2);
      }
      if (flip !== undefined) {
        const number = draws.number(position, flip.stream * PURPOSES_PER_STREAM + PURPOSES.flip);
        const flips = number < flip.probability;
        places[3 * row + 2] = flips ? 1 : 0;
        if (flips && flip.beforeCrop) left = width - this.#width - left;
      }
      places[3 * row] = top;
      places[3 * row + 1] = left;
    }
    return places;
  }

  #scale(factors: (channel: number) => readonly [number, number]): void {
    this.#channels = this.#channels.map(({ scale, bias, fill }, channel) => {
      const [by, plus] = factors(channel);
      return { scale: scale * by, bias: bias * by + plus, fill: fill * by + plus };
    });
  }

  /** Rows that are no image have the channels that their last dimension has, once these are told apart. */
  #demandChannels(count: number): void {
    if (this.#isImage || count === 1 || this.#channels.length > 1) return;
    const last = this.#field.shape.at(-1);
    if (typeof last !== 'number' || this.#field.shape.length === 0) return;
    this.#channels = Array.from({ length: last }, () => ({ ...this.#channels[0]! }));
    this.#source.width /= last;
    this.#width /= last;
  }

  #demandImage(what: string): void {
    if (this.#isImage) return;
    const { name, shape } = this.#field;
    throw new ZcError(
      'ZC_ARGUMENT',
      `field "${name}" of shape [${shape.join(', ')}] is no image: ${what} needs one`,
      {
        expected:
          '[height, width], [height, width, channels] or, with at most 4 channels, [channels, height, width]',
        actual: shape,
      },
    );
  }

  #demandOnce(present: unknown, what: string): void {
    if (present === undefined) return;
    throw new ZcError('ZC_ARGUMENT', `field "${this.#field.name}" is given more than ${what}`, {
      advice: 'Do the rest in a transform of your own.',
    });
  }
}

/** A long run of numbers is cut into stretches of this many pixels, for the cores to share. */
const STRETCH_PIXELS = 65_536;

function imageShape(shape: readonly number[]) {
  if (shape.length === 2) return { height: shape[0]!, width: shape[1]!, channels: 1, order: 'last' as const };
  if (shape.length !== 3) return undefined;
  const [a, b, c] = shape as [number, number, number];
  if (c > CHANNELS_MAX && a <= CHANNELS_MAX)
    return { height: b, width: c, channels: a, order: 'first' as const };
  return { height: a, width: b, channels: c, order: 'last' as const };
}

function elementTypeOf(dtype: Dtype): ElementType {
  if (dtype === 'bool') return 'uint8';
  return dtype === 'complex64' ? 'uint64' : dtype;
}

/** What `toFloat` divides by. */
function greatestOf(dtype: Dtype): number {
  if (dtype.startsWith('uint')) return 2 ** (8 * dtypes[dtype].bytes) - 1;
  if (dtype.startsWith('int')) return 2 ** (8 * dtypes[dtype].bytes - 1) - 1;
  return 1;
}
