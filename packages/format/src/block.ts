/** The unit of the file: regions, tables and footer start at multiples of it. */
export const BLOCK_BYTES = 4096;

/** The smallest multiple of `unit` that is not below `value`; exact beyond 32 bits. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

export function isAllZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** A checksum as errors show it. */
export function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
