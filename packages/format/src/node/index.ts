export { type OpenAppend, openAppend } from './append.js';
export { DatasetReader, openDataset, readManifest } from './dataset-reader.js';
export { DatasetWriter, type DatasetWriterOptions, type Resumable } from './dataset-writer.js';
export { type FileSink, fileSink, spillFile } from './file-sink.js';
export { type FileSource, fileSource } from './file-source.js';
export { nodeDigests } from './node-digests.js';
export { nodeZstd } from './node-zstd.js';
export { openPartial, type PartialDirectory, publishManifest } from './publish.js';
