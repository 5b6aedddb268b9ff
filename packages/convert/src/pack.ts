import { isZcError, ZcError } from '@zc/errors';
import { type EncodedSample, SampleEncoder, type Schema } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { BadRows } from './bad-rows.js';
import { fastDigests } from './digests.js';
import { directSink } from './direct-sink.js';
import { infer } from './infer.js';
import { expandPaths } from './input-paths.js';
import { refuseInside } from './output-place.js';
import type { PackOptions, PackPlan, PackReport } from './pack-options.js';
import { progressReporter } from './pack-progress.js';
import { rowError } from './row-error.js';
import type { SourceRow } from './sources/sample-source.js';

/**
 * Packs an input into a new dataset, which appears all at once when everything is written.
 *
 * Memory stays flat: rows are streamed from the input to the shards.
 *
 * @throws ZC_ARGUMENT where the output lies in the input; ZC_IO_EXISTS where the output holds something and `overwrite`
 *   is not set; ZC_ABORTED by the signal; what `infer` throws; for a bad record its own error, which names file and
 *   place (ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_FORMAT_VALUE, …)
 *
 * @example
 * const report = await pack({ input: 'photos/', output: 'data/train' });
 * console.log(`${report.samples} samples in ${report.shards} shards`);
 */
export async function pack(options: PackOptions): Promise<PackReport> {
  const { output, shardBytes, sha256, overwrite, signal } = options;
  const started = performance.now();
  const input = await inputsOf(options);
  const source = await infer(input, options);
  options.onPlan?.(source);
  throwIfAborted(signal, output);
  using bad = new BadRows(options);
  await using writer = await DatasetWriter.create(output, {
    schema: source.schema,
    digests: fastDigests(),
    openSink: directSink,
    ...(shardBytes !== undefined && { shardBytes }),
    ...(sha256 !== undefined && { sha256 }),
    ...(overwrite !== undefined && { overwrite }),
  });
  const progress = progressReporter(source, options.onProgress);
  const encode = rowEncoder(source.schema);
  let index = 0;
  for await (const row of source.rows(0)) {
    throwIfAborted(signal, output);
    const encoded = 'error' in row ? row.error : encode(row, writer.length);
    if (isZcError(encoded)) bad.add(index, encoded);
    else await writer.appendEncoded(encoded);
    index++;
    progress.row(row.bytesRead);
  }
  progress.end();
  throwIfAborted(signal, output);
  const manifest = await writer.finish();
  return {
    samples: manifest.samples,
    shards: manifest.shards.length,
    bytes: manifest.bytes,
    seconds: (performance.now() - started) / 1000,
    skipped: bad.count,
    errors: bad.kept,
  };
}

/**
 * What `pack` would write of the same options: schema, and what was recognised. Writes nothing.
 *
 * @throws what `pack` throws before it begins to write
 */
export async function preview(options: Omit<PackOptions, 'output'> & { output?: string }): Promise<PackPlan> {
  const { schema, samples, bytes, facts } = await infer(await inputsOf(options), options);
  return { schema, samples, bytes, facts };
}

/** Rows in stored form, each valid until the next one; or what is wrong with one. */
function rowEncoder(schema: Schema): (row: SourceRow, number: number) => EncodedSample | ZcError {
  const encoder = new SampleEncoder(schema);
  return ({ sample, origin }, number) => {
    try {
      return encoder.encode(sample, number);
    } catch (error) {
      if (isZcError(error)) return rowError(error, origin);
      throw error;
    }
  };
}

async function inputsOf({
  input,
  output,
}: {
  input: PackOptions['input'];
  output?: string | undefined;
}): Promise<string[]> {
  const paths = expandPaths(input);
  if (output !== undefined) await refuseInside(paths, output);
  return paths;
}

function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (signal?.aborted) {
    throw new ZcError('ZC_ABORTED', 'the packing was ended; nothing was written', {
      path,
      cause: signal.reason,
    });
  }
}
