import canonicalize from 'canonicalize';
import { limits, refuseAbove } from './limits.js';

const DEPTH = 'the depth of the JSON';

/** Where a JSON text came from, for errors. */
interface JsonPlace {
  readonly path?: string | undefined;
  readonly offset?: number | undefined;
}

/**
 * The value of a JSON text (specification, section 1).
 *
 * @throws ZC_FORMAT_LIMIT where it is nested too deeply, SyntaxError where it is no JSON.
 */
export function parseJson(text: string, place: JsonPlace): unknown {
  refuseAbove('JSON_DEPTH_MAX', depthOf(text), DEPTH, { ...place });
  return JSON.parse(text);
}

/**
 * Canonical JSON (RFC 8785) of a value.
 *
 * As in `JSON.stringify`, `toJSON` is asked and `undefined` members are left out.
 *
 * @throws ZC_FORMAT_LIMIT where it is nested too deeply or in itself; Error for what JSON cannot hold: NaN,
 * functions, 64-bit integers, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  refuseFunctions(value, 1);
  const text = canonicalize(value);
  if (text === undefined) throw new Error(`${typeof value} is not a JSON value`);
  return text;
}

/** `canonicalize` writes a member that is a function as the word `undefined`, which is no JSON. */
function refuseFunctions(value: unknown, depth: number): void {
  if (typeof value === 'function') throw new Error('function is not a JSON value');
  if (typeof value !== 'object' || value === null) return;
  refuseAbove('JSON_DEPTH_MAX', depth, DEPTH);
  if ('toJSON' in value && typeof value.toJSON === 'function') return;
  for (const member of Object.values(value)) refuseFunctions(member, depth + 1);
}

/** How deep arrays and objects lie in each other, seen before anything is made of the text. */
function depthOf(text: string): number {
  // Too short to open and close so many.
  if (text.length <= 2 * limits.JSON_DEPTH_MAX) return 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) {
        if (text.charCodeAt(i) === BACKSLASH) i++;
      }
    } else if (unit === BRACKET || unit === BRACE) {
      deepest = Math.max(deepest, ++depth);
    } else if (unit === BRACKET_END || unit === BRACE_END) {
      depth--;
    }
  }
  return deepest;
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = Array.from('"\\[]{}', (character) =>
  character.charCodeAt(0),
);
