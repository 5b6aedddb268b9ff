export { fastDigests } from './digests.js';
export { infer } from './infer.js';
export { type PackOptions, type PackProgress, type PackReport, pack } from './pack.js';
export type { BadRow, OpenedSource, SourceOptions, SourceRow } from './sources/sample-source.js';
