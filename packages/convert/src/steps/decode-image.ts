import { isZcError, ZcError } from '@zc/errors';
import type { Tensor } from '@zc/format';
import type { Sharp, SharpOptions } from 'sharp';
import { convertLimits } from '../limits.js';

/** What an image is brought to. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
  /** `center`: scaled to cover the size, and what stands out is cut off; else it is stretched to it. */
  readonly crop: 'center' | undefined;
}

/** Decodes one image to rows of red, green and blue. */
export type ImageDecoder = (bytes: Uint8Array, origin: string | undefined) => Promise<Tensor<'uint8'>>;

/**
 * A decoder of JPEG, PNG and WebP images to `uint8[height, width, 3]`, by sharp.
 *
 * Grey and palette images get three channels, transparency is dropped, 16 bits a channel become 8; an image is turned
 * as its EXIF orientation says. The same image gives the same bytes with the same release of sharp.
 *
 * @throws ZC_CONVERT_UNSUPPORTED where sharp is not installed
 */
export async function imageDecoder(size: ImageSize | undefined): Promise<ImageDecoder> {
  const sharp = await loadSharp();
  const input: SharpOptions = { failOn: 'error', limitInputPixels: convertLimits.IMAGE_PIXELS_MAX };
  return async (bytes, path) => {
    let image = sharp(bytes, input).autoOrient();
    if (size !== undefined) {
      const { width, height, crop } = size;
      image = image.resize(width, height, { fit: crop === 'center' ? 'cover' : 'fill', position: 'centre' });
    }
    try {
      const { data, info } = await image
        .toColourspace('srgb')
        .removeAlpha()
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      if (info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
      return { dtype: 'uint8', shape: [info.height, info.width, 3], data };
    } catch (cause) {
      const { message } = cause as Error;
      throw new ZcError('ZC_CONVERT_SOURCE', `the image cannot be decoded: ${message}`, { path, cause });
    }
  };
}

/** The release of sharp that decodes, for what depends on its bytes. */
export async function imageLibrary(): Promise<string> {
  const { versions } = await loadSharp();
  return `sharp ${versions.sharp}, libvips ${versions.vips}`;
}

interface SharpModule {
  (input: Uint8Array, options: SharpOptions): Sharp;
  concurrency(threads: number): number;
  cache(options: boolean): unknown;
  versions: { sharp?: string; vips: string };
}

async function loadSharp(): Promise<SharpModule> {
  try {
    const { default: sharp } = (await import('sharp')) as unknown as { default: SharpModule };
    // How many threads work is what --jobs says; nothing is decoded twice.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  } catch (cause) {
    throw new ZcError(
      'ZC_CONVERT_UNSUPPORTED',
      'images are decoded by the package sharp, which is not there',
      {
        cause,
        // Who left it out on purpose says what to do instead.
        advice: isZcError(cause) ? cause.advice : 'npm install sharp',
      },
    );
  }
}
