export type { DataSet } from './data.js';
export { makeReport } from './make-report.js';
export type { Method } from './method.js';
export { type RunOptions, runScenario, type Step } from './runner.js';
export type { ScenarioQuestion } from './scenario.js';
export { toMarkdown } from './table.js';
export { sumOfWords } from './words.js';
