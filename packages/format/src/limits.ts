import { ZcError } from '@zc/errors';

/**
 * The maxima of the format (specification, section 12).
 *
 * Each is checked before anything is allocated or computed by the value it bounds.
 */
export const limits = {
  FILE_BYTES_MAX: 2 ** 44,
  FOOTER_BYTES_MAX: 16 * 2 ** 20,
  SAMPLES_PER_SHARD_MAX: 2 ** 32 - 1,
  FIELDS_MAX: 1024,
  FIELD_NAME_BYTES_MAX: 128,
  DIMENSIONS_MAX: 16,
  DIMENSION_MAX: 2 ** 32 - 1,
  ROW_BYTES_MAX: 2 ** 30,
  METADATA_BYTES_MAX: 2 ** 20,
  MANIFEST_BYTES_MAX: 256 * 2 ** 20,
  SHARDS_MAX: 1_000_000,
  JSON_DEPTH_MAX: 200,
} as const;

/** The name of a maximum. */
export type LimitName = keyof typeof limits;

/** @throws ZC_FORMAT_LIMIT where `actual` is above the maximum; `details` say where. */
export function refuseAbove(
  name: LimitName,
  actual: number,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
): void {
  if (actual <= limits[name]) return;
  throw new ZcError('ZC_FORMAT_LIMIT', `${what} is ${actual}, above ${name} (${limits[name]})`, {
    expected: limits[name],
    actual,
    ...details,
  });
}
