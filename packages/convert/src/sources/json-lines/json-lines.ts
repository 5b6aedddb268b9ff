import { isZcError, ZcError } from '@zc/errors';
import { defineSchema, type FieldSpec } from '@zc/format';
import type { Input } from '../../input.js';
import { isText, type Line, linesOf } from '../lines.js';
import { lookAhead } from '../look-ahead.js';
import type { BadRow, OpenedSource, SampleSource, SourceRow } from '../sample-source.js';
import { decodeText } from '../text-bytes.js';
import { UnpackedFile, unpackedHead } from '../unpacked-file.js';
import { type JsonLinesField, jsonLinesField } from './json-field.js';

/**
 * JSON Lines, plain, gzip or zstd: an object a line, a field for each of its keys. Empty lines are passed over.
 *
 * Fields are settled by the first lines; a later one that does not fit them comes as a bad row.
 */
export const jsonLines: SampleSource = {
  name: 'json-lines',

  async detect(input) {
    if (input.isDirectory) return false;
    const head = unpackedHead(input);
    return isText(head) && /^[{[]/.test(Buffer.from(head.subarray(0, 64)).toString().trimStart());
  },

  async open(input): Promise<OpenedSource> {
    const { first, isAll, all } = await lookAhead(() => filledLines(input), {
      isReadOnce: input.paths.includes('-'),
    });
    const fields = settleFields(first, input.paths[0]!);
    const specs = fields.map(({ name, spec }): [string, FieldSpec] => [name, spec]);
    const lines = `${first.length} lines`;
    return {
      schema: defineSchema(Object.fromEntries(specs)),
      samples: isAll ? first.length : undefined,
      bytes: input.sizeBytes,
      facts: ['JSON Lines', isAll ? lines : `fields inferred from the first ${lines}`],
      async *rows(from): AsyncGenerator<SourceRow | BadRow> {
        let row = 0;
        for await (const line of all()) if (row++ >= from) yield rowOf(line, fields);
      },
    };
  },
};

async function* filledLines(input: Input): AsyncGenerator<Line> {
  for (const path of input.paths) {
    for await (const line of linesOf(new UnpackedFile(input, path))) {
      if (line.content.length > 0) yield line;
    }
  }
}

function settleFields(lines: readonly Line[], path: string): JsonLinesField[] {
  if (lines[0] === undefined) throw new ZcError('ZC_CONVERT_EMPTY', 'the file holds no line', { path });
  const objects: Map<string, unknown>[] = [];
  let refused: ZcError | undefined;
  for (const line of lines) {
    try {
      objects.push(new Map(Object.entries(objectIn(line))));
    } catch (error) {
      if (!isZcError(error)) throw error;
      refused ??= error;
    }
  }
  const names = new Set(objects.flatMap((object) => [...object.keys()]));
  // An object was refused for one of its fields.
  if (objects.length === 0 && refused?.details.field !== undefined) throw refused;
  // Lines of which none is an object are a document that takes many lines.
  if (objects.length === 0) throw oneDocument(path, refused);
  if (names.size === 0) throw new ZcError('ZC_CONVERT_EMPTY', 'the objects have no keys', { path });
  return [...names].map((name) =>
    jsonLinesField(
      name,
      objects.map((object) => object.get(name)),
    ),
  );
}

function oneDocument(path: string, cause: ZcError | undefined): ZcError {
  return new ZcError('ZC_CONVERT_UNSUPPORTED', 'the file is JSON, but its lines are not one object each', {
    path,
    cause,
    advice: "Write one object a line: jq -c '.[]' data.json > data.jsonl makes them of an array.",
  });
}

function rowOf(line: Line, fields: readonly JsonLinesField[]): SourceRow | BadRow {
  const { bytesRead, path, number } = line;
  try {
    return { sample: sampleOf(line, fields), bytesRead, origin: `${path}, line ${number}` };
  } catch (error) {
    if (isZcError(error)) return { error, bytesRead };
    throw error;
  }
}

function sampleOf(line: Line, fields: readonly JsonLinesField[]): Record<string, unknown> {
  const object = new Map(Object.entries(objectIn(line)));
  const values = fields.map(({ name, spec, convert }): [string, unknown] => {
    const value = object.get(name);
    const converted = convert(value);
    if (converted !== undefined) return [name, converted];
    throw unlike(
      line,
      value === undefined ? `has no "${name}"` : `has ${shown(value)} as "${name}", not ${typeOf(spec)}`,
    );
  });
  const other = [...object.keys()].find((name) => !fields.some((known) => known.name === name));
  if (other !== undefined) throw unlike(line, `has "${other}", which the first lines have not`);
  return Object.fromEntries(values);
}

function objectIn(line: Line): object {
  const { path, offset, number, content } = line;
  const refused = (what: string, cause?: unknown) =>
    new ZcError('ZC_CONVERT_SOURCE', `line ${number} ${what}`, { path, offset, cause });
  let text: string;
  let value: unknown;
  try {
    text = decodeText(content);
    value = JSON.parse(text);
  } catch (cause) {
    throw refused(`is not JSON: ${(cause as Error).message}`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('is not an object');
  // Most lines have no number that is so long, and need no second look.
  if (!/\d{16}/.test(text)) return value;
  const inexact = Object.entries(value).find(([, member]) => isInexact(member));
  if (inexact === undefined) return value;
  const [name] = inexact;
  const what = `has a whole number beyond 2^53 as "${name}", which JSON does not keep to the last digit`;
  throw new ZcError('ZC_CONVERT_SOURCE', `line ${number} ${what}`, {
    ...{ path, offset, field: name },
    advice: `Write it as text, and read that with --field ${name}=int64.`,
  });
}

/** Up to 2^64 inclusive: the largest uint64 is read as that. */
function isInexact(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isInexact);
  return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 64 && !Number.isSafeInteger(value);
}

function unlike({ path, offset, number }: Line, what: string): ZcError {
  return new ZcError('ZC_CONVERT_MIXED', `line ${number} ${what}`, { path, offset });
}

function typeOf(spec: FieldSpec): string {
  if (spec.kind === 'tensor') return spec.shape.length > 0 ? `an array of ${spec.dtype}` : spec.dtype;
  return spec.kind === 'utf8' ? 'text' : spec.kind;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
