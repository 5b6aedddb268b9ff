import { ZcError } from '@zc/errors';
import { DatasetWriter } from '@zc/format/node';
import { BadRows } from './bad-rows.js';
import { fastDigests } from './digests.js';
import { directSink } from './direct-sink.js';
import { expandPaths } from './input-paths.js';
import { refuseInside } from './output-place.js';
import type { PackOptions, PackPlan, PackReport } from './pack-options.js';
import { progressReporter } from './pack-progress.js';
import { Packing } from './packing.js';

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
  await using packing = await Packing.open(await inputsOf(options), options);
  const { plan } = packing;
  options.onPlan?.(plan);
  throwIfAborted(signal, output);
  using bad = new BadRows(options);
  await using writer = await DatasetWriter.create(output, {
    schema: plan.schema,
    digests: fastDigests(),
    openSink: directSink,
    ...(shardBytes !== undefined && { shardBytes }),
    ...(sha256 !== undefined && { sha256 }),
    ...(overwrite !== undefined && { overwrite }),
  });
  const progress = progressReporter(plan, options.onProgress);
  let row = 0;
  for await (const { samples, error, bytesRead } of packing.stored(0)) {
    throwIfAborted(signal, output);
    if (error !== undefined) bad.add(row, error);
    for (const sample of samples) await writer.appendEncoded(sample);
    row++;
    progress.row(bytesRead);
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
  await using packing = await Packing.open(await inputsOf(options), options);
  return packing.plan;
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
