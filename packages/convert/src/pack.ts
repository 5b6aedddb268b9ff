import type { DatasetWriter } from '@zc/format/node';
import { BadRows } from './bad-rows.js';
import { openDatasetWriter } from './dataset-writer.js';
import { packIdentity } from './input-identity.js';
import { expandPaths } from './input-paths.js';
import { refuseInside } from './output-place.js';
import type { PackOptions, PackPlan, PackReport } from './pack-options.js';
import { PackPlace } from './pack-place.js';
import { progressReporter } from './pack-progress.js';
import { Packing } from './packing.js';
import { throwIfAborted } from './throw-if-aborted.js';

const ENDED = 'the packing was ended; nothing was published';

/**
 * Packs an input into a new dataset, which appears all at once when everything is written.
 *
 * Memory stays flat: rows are streamed from the input to the shards.
 *
 * @throws ZC_ARGUMENT where the output or the list of bad records lies in the input; ZC_IO_EXISTS where the output
 *   holds something and `overwrite` is not set; ZC_ABORTED by the signal; what `infer` throws; for a bad record its own error, which names file and
 *   place (ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_FORMAT_VALUE, …); ZC_FORMAT_RESUME where `resume` finds what another
 *   input or other options have left
 *
 * @example
 * const report = await pack({ input: 'photos/', output: 'data/train' });
 * console.log(`${report.samples} samples in ${report.shards} shards`);
 */
export async function pack(options: PackOptions): Promise<PackReport> {
  const { output, signal } = options;
  const started = performance.now();
  const paths = await inputsOf(options);
  // The list of bad records is written from the start: it must not take the place of what is read.
  if (options.errorsFile !== undefined) await refuseInside(paths, options.errorsFile);
  await using packing = await Packing.open(paths, options);
  const { plan } = packing;
  options.onPlan?.(plan);
  throwIfAborted(signal, ENDED, { path: output });
  const place = new PackPlace();
  await using writer = await openWriter({ paths, options, packing, place });
  const { resumed } = writer;
  if (resumed) options.onResume?.({ samples: writer.length, shards: resumed.shards.length });
  using bad = new BadRows(options, place.resume(resumed?.position));
  const taken = writer.length;
  try {
    const progress = progressReporter(plan, options.onProgress, place);
    await writeAll(packing, { writer, place, bad, progress, signal, output });
    const manifest = await writer.finish();
    return {
      samples: manifest.samples,
      shards: manifest.shards.length,
      bytes: manifest.bytes,
      seconds: (performance.now() - started) / 1000,
      resumed: taken,
      skipped: bad.count,
      errors: bad.kept,
    };
  } catch (error) {
    await writer.abort();
    const { keptSamples: samples, workPath: path } = writer;
    if (samples > 0) options.onKept?.({ samples, path });
    throw error;
  }
}

/** Brings every row from the place on into the writer. */
async function writeAll(
  packing: Packing,
  parts: {
    writer: DatasetWriter;
    place: PackPlace;
    bad: BadRows;
    progress: { tell(): void; end(): void };
    signal: AbortSignal | undefined;
    output: string;
  },
): Promise<void> {
  const { writer, place, bad, progress, signal, output } = parts;
  place.bad = bad;
  for await (const { samples, error, bytesRead } of packing.stored(place.row)) {
    throwIfAborted(signal, ENDED, { path: output });
    if (error !== undefined) bad.add(place.row, error);
    for (; place.part < samples.length; place.part++) {
      const wait = writer.writeEncoded(samples[place.part]!);
      if (wait) await wait;
    }
    place.next(bytesRead);
    progress.tell();
  }
  progress.end();
  throwIfAborted(signal, ENDED, { path: output });
}

async function openWriter(parts: {
  paths: readonly string[];
  options: PackOptions;
  packing: Packing;
  place: PackPlace;
}): Promise<DatasetWriter> {
  const { paths, options, packing, place } = parts;
  const { output, shardBytes, sha256, overwrite, resume = false } = options;
  // Nobody can look at standard input twice, so nothing of it is kept.
  const isKept = resume || !paths.includes('-');
  const identity = isKept
    ? await packIdentity(paths, { options, plan: packing.plan, steps: packing.steps })
    : undefined;
  return openDatasetWriter(output, {
    schema: packing.plan.schema,
    encodedOnly: true,
    shardBytes,
    sha256,
    overwrite,
    resumable: identity && { resume, identity, position: () => place.toJSON() },
  });
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
