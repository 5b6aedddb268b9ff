import type { Hasher } from './digests.js';

/**
 * The UUID of a shard (specification, section 10): version 8, from the SHA-256 of head, footer and tables.
 *
 * `hasher` has been given them already; it is spent afterwards.
 */
export function uuidOf(hasher: Hasher): Uint8Array {
  const uuid = hasher.digest().slice(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}

/** The usual lower-case text of a UUID. */
export function uuidText(uuid: Uint8Array): string {
  return bytesToHex(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function bytesToHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
