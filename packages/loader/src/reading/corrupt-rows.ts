import { isZcError, type ZcError, type ZcErrorCode } from '@zc/errors';
import type { BatchLayout, FieldSpan, VariableSpan } from '../batches/batch-layout.js';
import type { OptionRule } from '../options.js';

/** Samples that were left out of a batch because of one fault. */
export interface SkippedSamples {
  /** Their numbers; more than one where a table, a block of small rows or a whole shard is at fault. */
  readonly samples: readonly number[];
  /** The file, and where in it. */
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly expected: unknown;
  readonly actual: unknown;
  /** The whole of it, with code, words, field and row. */
  readonly error: ZcError;
}

/** What is done about rows that cannot be read or are not what was written. */
export type OnCorrupt = 'throw' | 'skip' | ((skipped: SkippedSamples) => void);

export const onCorrupt: OptionRule = {
  words: "'throw', 'skip', or a function that is told what is skipped",
  allows: (value) => value === 'throw' || value === 'skip' || typeof value === 'function',
};

/** A row of a batch that could not be had. */
export interface RowFailure {
  /** Its place in the batch. */
  readonly row: number;
  readonly error: ZcError;
}

/** What says that a file is damaged or out of reach, not that this process lacks something. */
const CORRUPTIONS: ReadonlySet<ZcErrorCode> = new Set([
  'ZC_FORMAT_BAD_MAGIC',
  'ZC_FORMAT_VERSION',
  'ZC_FORMAT_FLAGS',
  'ZC_FORMAT_TRUNCATED',
  'ZC_FORMAT_HEAD',
  'ZC_FORMAT_FOOTER',
  'ZC_FORMAT_SCHEMA',
  'ZC_FORMAT_LIMIT',
  'ZC_FORMAT_TABLE',
  'ZC_FORMAT_CHECKSUM',
  'ZC_FORMAT_MANIFEST',
  'ZC_IO_OPEN',
  'ZC_IO_READ',
  'ZC_IO_SHORT_READ',
  'ZC_IO_CHECKSUM',
  'ZC_IO_POISONED',
]);
const EMFILE = 24;
const ENFILE = 23;

export function isCorruption(error: unknown): error is ZcError {
  if (!isZcError(error) || !CORRUPTIONS.has(error.code)) return false;
  return error.details.errno !== EMFILE && error.details.errno !== ENFILE;
}

/** One report a fault, in the order of the batch. */
export function reportsOf(failures: readonly RowFailure[], ids: Float64Array): SkippedSamples[] {
  const byFault = new Map<string, { error: ZcError; samples: Set<number> }>();
  for (const { row, error } of failures) {
    const fault = `${error.code} ${error.path} ${error.offset}`;
    const known = byFault.get(fault);
    if (known === undefined) byFault.set(fault, { error, samples: new Set([ids[row]!]) });
    else known.samples.add(ids[row]!);
  }
  return Array.from(byFault.values(), ({ error, samples }) => {
    const { path, offset, expected, actual } = error;
    return { samples: [...samples], path, offset, expected, actual, error };
  });
}

/** The values of the rows that stay. */
export function without(values: Float64Array, gone: ReadonlySet<number>): Float64Array {
  return values.filter((_, row) => !gone.has(row));
}

/** Closes up the rows of a batch in its slot where some are gone, and gives the layout that it has then. */
export function closeUp(
  buffer: ArrayBuffer,
  layout: BatchLayout,
  rows: number,
  gone: ReadonlySet<number>,
): BatchLayout {
  const kept = Array.from({ length: rows }, (_, row) => row).filter((row) => !gone.has(row));
  const fields = layout.fields.map((span) => closeUpField(new Uint8Array(buffer), span, kept, rows));
  return { ...layout, fields };
}

function closeUpField(bytes: Uint8Array, span: FieldSpan, kept: readonly number[], rows: number): FieldSpan {
  const { plan, offset, lengthBytes, variable } = span;
  const { elementBytes } = plan;
  const packed = variable !== undefined && variable.padded === undefined ? variable.offsets : undefined;
  const stride = rows === 0 ? 0 : lengthBytes / rows;
  let end = offset;
  for (const row of kept) {
    const from = offset + (packed === undefined ? row * stride : packed[row]! * elementBytes);
    const length = packed === undefined ? stride : (packed[row + 1]! - packed[row]!) * elementBytes;
    bytes.copyWithin(end, from, from + length);
    end += length;
  }
  return {
    ...span,
    lengthBytes: end - offset,
    variable: variable && closeUpTables(variable, kept, rows, stride / elementBytes),
  };
}

function closeUpTables(
  variable: VariableSpan,
  kept: readonly number[],
  rows: number,
  stride: number,
): VariableSpan {
  const { dims, padded } = variable;
  const offsets = variable.offsets.slice(0, kept.length + 1);
  kept.forEach((row, i) => {
    offsets[i + 1] = offsets[i]! + variable.offsets[row + 1]! - variable.offsets[row]!;
  });
  const perRow = dims === undefined ? 0 : dims.length / rows;
  return {
    ...variable,
    offsets,
    dims:
      dims && Float64Array.from(kept.flatMap((row) => [...dims.subarray(row * perRow, (row + 1) * perRow)])),
    padded: padded && {
      length: padded.length,
      lengths: Int32Array.from(kept, (row) => padded.lengths[row]!),
      starts: Float64Array.from(kept, (row, i) => padded.starts[row]! + (i - row) * stride),
    },
  };
}
