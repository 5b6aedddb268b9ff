import canonicalize from 'canonicalize';

const encoder = new TextEncoder();
// A byte-order mark in a text is a character of it: nothing is taken away.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** @throws TypeError where the bytes are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Whether a text has no lone surrogates, which UTF-8 cannot hold. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/**
 * Canonical JSON (RFC 8785) of a value.
 *
 * As in `JSON.stringify`, `toJSON` is asked and `undefined` members are left out.
 *
 * @throws Error for what JSON cannot hold: NaN, functions, 64-bit integers, cycles, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  refuseFunctions(value);
  const text = canonicalize(value);
  if (text === undefined) throw new Error(`${typeof value} is not a JSON value`);
  return text;
}

/** `canonicalize` writes a member that is a function as the word `undefined`, which is no JSON. */
function refuseFunctions(value: unknown): void {
  if (typeof value === 'function') throw new Error('function is not a JSON value');
  if (typeof value !== 'object' || value === null) return;
  if ('toJSON' in value && typeof value.toJSON === 'function') return;
  for (const member of Object.values(value)) refuseFunctions(member);
}
