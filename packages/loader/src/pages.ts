/** What maps, slots and read-ahead work in. */
export const PAGE_BYTES = 4096;

/** The smallest multiple of `unit` that is not below `value`; exact beyond 32 bits. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
