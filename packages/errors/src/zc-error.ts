import { errorCodes, type ZcErrorCode } from './codes.js';
import { jsonable } from './jsonable.js';

/** Where an error happened, what was expected and found there, and anything else worth passing on. */
export interface ZcErrorDetails {
  /** The file or directory, as the caller named it. */
  path?: string | undefined;
  /** Byte offset in `path`. */
  offset?: number | undefined;
  expected?: unknown;
  actual?: unknown;
  /** The next step; where this is left out, the one of the table of codes is taken. */
  advice?: string | undefined;
  /** The error that led to this one. */
  cause?: unknown;
  /** Further fields, kept in `details`. */
  [detail: string]: unknown;
}

/**
 * The one error class of all packages.
 *
 * `message` is what a user sees: `CODE path @ offset: what.` on the first line, the advice on the second.
 * Tell errors apart by `code`, with `isZcError`, never with `instanceof`: two copies of this package may be
 * installed side by side.
 *
 * @example
 * throw new ZcError('ZC_FORMAT_TRUNCATED', 'the file has 12 bytes, a shard at least 8192', {
 *   path, offset: 0, expected: 8192, actual: 12,
 * });
 */
export class ZcError extends Error {
  readonly code: ZcErrorCode;
  /** What happened, without code, place and advice. */
  readonly summary: string;
  readonly advice: string;
  // `declare` leaves no property behind where a detail was not given.
  declare readonly path?: string;
  declare readonly offset?: number;
  declare readonly expected?: unknown;
  declare readonly actual?: unknown;
  /** The further fields that the error was made with. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ZcErrorCode, summary: string, details: ZcErrorDetails = {}) {
    const { path, offset, expected, actual, cause, advice = errorCodes[code].advice, ...rest } = details;
    super(
      `${firstLine(code, summary, path, offset)}\n${advice}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.summary = summary;
    this.advice = advice;
    if (path !== undefined) this.path = path;
    if (offset !== undefined) this.offset = offset;
    if (expected !== undefined) this.expected = expected;
    if (actual !== undefined) this.actual = actual;
    this.details = rest;
  }

  static {
    // On the prototype and by value: the brand survives minifiers, which rename classes.
    Object.defineProperty(ZcError.prototype, 'name', {
      value: 'ZcError',
      configurable: true,
      writable: true,
    });
  }

  /** A plain object for logs, `--json` output and the bridge to Python; 64-bit integers become strings. */
  toJSON(): Record<string, unknown> {
    const { name, code, summary, advice, path, offset, expected, actual, details, cause } = this;
    return jsonable({
      name,
      code,
      summary,
      advice,
      path,
      offset,
      expected,
      actual,
      ...details,
      cause,
    }) as Record<string, unknown>;
  }
}

function firstLine(code: string, summary: string, path?: string, offset?: number): string {
  const place = [path, offset === undefined ? undefined : `@ ${offset}`].filter((part) => part !== undefined);
  const sentence = /[.!?]$/.test(summary) ? summary : `${summary}.`;
  return `${[code, ...place].join(' ')}: ${sentence}`;
}
