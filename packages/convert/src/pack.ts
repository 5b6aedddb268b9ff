import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ZcError } from '@zc/errors';
import { DatasetWriter } from '@zc/format/node';
import { fastDigests } from './digests.js';
import { directSink } from './direct-sink.js';
import { infer } from './infer.js';
import type { OpenedSource, SourceOptions } from './sources/sample-source.js';

/** What `pack` is given: an input, an output, and how the one becomes the other. */
export interface PackOptions extends SourceOptions {
  /** A folder, a file, several files of one kind, or `-` for standard input. */
  readonly input: string | readonly string[];
  /** The directory of the new dataset. */
  readonly output: string;
  /** Wanted size of a shard; a shard is closed before the sample that would exceed it. Default 256 MiB. */
  readonly shardBytes?: number | undefined;
  /** Whether the manifest gets the SHA-256 of every shard. Default true. */
  readonly sha256?: boolean | undefined;
  /** Replace a dataset that is there already. Default false. */
  readonly overwrite?: boolean | undefined;
  /** Ends the packing; nothing appears under the output's name. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the input was recognised and before a sample is written. */
  readonly onSource?: ((source: OpenedSource) => void) | undefined;
  /** Called some ten times a second, and after the last sample. */
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
}

/** How far a packing is. */
export interface PackProgress {
  readonly samples: number;
  /** Undefined where only the end of the input tells. */
  readonly samplesTotal: number | undefined;
  /** Bytes of input that were packed so far. */
  readonly bytesRead: number;
  /** What `bytesRead` will come to, about; undefined where nobody knows. */
  readonly bytesTotal: number | undefined;
}

/** What a packing has written. */
export interface PackReport {
  readonly samples: number;
  readonly shards: number;
  /** Length of all shards together. */
  readonly bytes: number;
  readonly seconds: number;
}

const PROGRESS_INTERVAL_MS = 100;

/**
 * Packs an input into a new dataset, which appears all at once when everything is written.
 *
 * Memory stays flat: rows are streamed from the input to the shards.
 *
 * @throws ZC_ARGUMENT where the output lies in the input; ZC_IO_EXISTS where the output holds something and `overwrite` is not set; ZC_ABORTED by the signal; what
 *   `infer` throws; ZC_CONVERT_SOURCE and ZC_CONVERT_MIXED, which name the file
 *
 * @example
 * const report = await pack({ input: 'photos/', output: 'data/train' });
 * console.log(`${report.samples} samples in ${report.shards} shards`);
 */
export async function pack(options: PackOptions): Promise<PackReport> {
  const { output, shardBytes, sha256, overwrite, signal, onSource } = options;
  const started = performance.now();
  const inputs = typeof options.input === 'string' ? [options.input] : options.input;
  for (const input of inputs) refuseInside(input, output);
  const source = await infer(inputs, options);
  onSource?.(source);
  throwIfAborted(signal, output);
  await using writer = await DatasetWriter.create(output, {
    schema: source.schema,
    digests: fastDigests(),
    openSink: directSink,
    ...(shardBytes !== undefined && { shardBytes }),
    ...(sha256 !== undefined && { sha256 }),
    ...(overwrite !== undefined && { overwrite }),
  });
  const report = progressReporter(source, options.onProgress);
  for await (const row of source.rows(0)) {
    throwIfAborted(signal, output);
    if ('error' in row) throw row.error;
    await writer.append(row.sample);
    report.row(row.bytesRead);
  }
  report.end();
  throwIfAborted(signal, output);
  const manifest = await writer.finish();
  return {
    samples: manifest.samples,
    shards: manifest.shards.length,
    bytes: manifest.bytes,
    seconds: (performance.now() - started) / 1000,
  };
}

/** The next packing would take the dataset for samples, and `overwrite` would remove what is being read. */
function refuseInside(input: string, output: string): void {
  const way = relative(resolve(input), resolve(output));
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return;
  throw new ZcError('ZC_ARGUMENT', `the output lies in the input, ${input}`, {
    path: output,
    advice: 'Name an output beside the input.',
  });
}

function progressReporter(source: OpenedSource, onProgress: PackOptions['onProgress']) {
  let samples = 0;
  let bytesRead = 0;
  let reported = performance.now();
  const { samples: samplesTotal, bytes: bytesTotal } = source;
  const report = () => onProgress?.({ samples, samplesTotal, bytesRead, bytesTotal });
  return {
    row(bytes: number) {
      samples++;
      bytesRead += bytes;
      const now = performance.now();
      if (now - reported < PROGRESS_INTERVAL_MS) return;
      reported = now;
      report();
    },
    end: report,
  };
}

function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (signal?.aborted) {
    throw new ZcError('ZC_ABORTED', 'the packing was ended; nothing was written', {
      path,
      cause: signal.reason,
    });
  }
}
