import type { Schema } from '@zc/format';
import { DatasetWriter, type DatasetWriterOptions } from '@zc/format/node';
import { fastDigests } from './digests.js';
import { directSink } from './direct-sink.js';

/**
 * Writes a dataset as `DatasetWriter.create` does, and faster: past the page cache with several writes in flight,
 * with checksums by the CPU's own instruction.
 *
 * @throws ZC_ARGUMENT, ZC_FORMAT_CODEC, ZC_FORMAT_BUSY, ZC_FORMAT_RESUME, ZC_IO_EXISTS, ZC_IO_WRITE
 *
 * @example
 * await using writer = await openDatasetWriter('data/train', { schema });
 * for (const sample of samples) {
 *   const wait = writer.write(sample);
 *   if (wait) await wait;
 * }
 * await writer.finish();
 */
export function openDatasetWriter<S extends Schema>(
  directory: string,
  options: DatasetWriterOptions<S>,
): Promise<DatasetWriter<S>> {
  return DatasetWriter.create(directory, { digests: fastDigests(), openSink: directSink, ...options });
}
