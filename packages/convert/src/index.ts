export type { BadRowOptions, SkippedRow } from './bad-rows.js';
export { fastDigests } from './digests.js';
export { type InferOptions, infer, sourceNames } from './infer.js';
export { type ConvertLimitName, convertLimits } from './limits.js';
export { pack, preview } from './pack.js';
export type { PackOptions, PackPlan, PackProgress, PackReport } from './pack-options.js';
export type { BadRow, OpenedSource, SourceOptions, SourceRow } from './sources/sample-source.js';
