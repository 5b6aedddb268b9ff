import { pipeline, Readable } from 'node:stream';
import { ZcError } from '@zc/errors';
import { convertLimits } from '../../limits.js';
import type { UnpackedFile } from '../unpacked-file.js';

/** A record of a CSV file. */
export interface CsvRecord {
  readonly path: string;
  /** The line that it ends in, from 1. */
  readonly line: number;
  /** Where it begins in the unpacked file. */
  readonly offset: number;
  readonly cells: readonly string[];
  readonly bytes: number;
  /** Bytes of the file itself, packed as it is, that were read since the record before. */
  readonly bytesRead: number;
}

/**
 * The records of a CSV file, its header too; empty lines are passed over.
 *
 * @throws ZC_CONVERT_SOURCE for quotes that do not match and for what is not UTF-8; ZC_CONVERT_LIMIT; what
 *   `UnpackedFile` throws
 */
export async function* csvRecords(file: UnpackedFile, delimiter: string): AsyncGenerator<CsvRecord> {
  const { path } = file;
  const { parse } = await import('csv-parse');
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: convertLimits.RECORD_BYTES_MAX,
  });
  pipeline(Readable.from(checkedText(file)), parser, () => {});
  let offset = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      const { bytes: end, lines: line } = info;
      yield { path, line, offset, cells: record, bytes: end - offset, bytesRead: file.takeBytesRead() };
      offset = end;
    }
  } catch (cause) {
    throw damaged(path, offset, cause);
  }
}

interface Parsed {
  readonly record: string[];
  readonly info: { readonly bytes: number; readonly lines: number };
}

/** The parser would put replacement characters where text is not UTF-8, and not say so. */
async function* checkedText(file: UnpackedFile): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const check = (bytes: Uint8Array, stream: boolean) => {
    try {
      decoder.decode(bytes, { stream });
    } catch (cause) {
      throw new ZcError('ZC_CONVERT_SOURCE', 'the file is not UTF-8', {
        path: file.path,
        cause,
        advice: 'Convert it first, for example: iconv -f latin1 -t utf-8 old.csv > new.csv',
      });
    }
  };
  for await (const chunk of file) {
    check(chunk, true);
    yield chunk;
  }
  check(new Uint8Array(), false);
}

function damaged(path: string, offset: number, cause: unknown): ZcError {
  if (cause instanceof ZcError) return cause;
  const { message, code } = cause as { message: string; code?: string };
  const isLimit = code === 'CSV_MAX_RECORD_SIZE';
  return new ZcError(isLimit ? 'ZC_CONVERT_LIMIT' : 'ZC_CONVERT_SOURCE', message, { path, offset, cause });
}
