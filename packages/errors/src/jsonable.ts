/** Deeper values are cut off: errors chain through `cause`, and anything may hang from a detail. */
const DEPTH_MAX = 6;

/**
 * Turns any value into one that `JSON.stringify` takes, for errors must be printable whatever they carry.
 *
 * 64-bit integers become decimal strings, errors their name, code and message, views and maps a short
 * description; `undefined` fields are left out.
 */
export function jsonable(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'symbol' || typeof value === 'function') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '…';
  if (depth > 0 && value instanceof Error) return jsonableError(value, depth);
  if (Array.isArray(value)) return value.map((item) => jsonable(item, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return Object.prototype.toString.call(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, jsonable(item, depth + 1)]),
  );
}

function jsonableError(error: Error, depth: number): unknown {
  const { name, message, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return jsonable({ name, code, message, cause }, depth);
}
