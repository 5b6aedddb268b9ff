export type { DataSet } from './data.js';
export { makeReport } from './report.js';
export { type Method, runScenario } from './runner.js';
export type { ScenarioQuestion } from './scenario.js';
export { toMarkdown } from './table.js';
export { sumOfWords } from './words.js';
