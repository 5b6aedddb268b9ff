/**
 * `npm run test:interop`: what other libraries write, against what we read, and the other way round.
 *
 * Scripts lie in `packages/<package>/interop/`; each installs what it needs into `.cache/interop/`, makes
 * its files with it and compares. `--only NAME` picks scripts.
 */
import { parseArgs } from 'node:util';
import { runScripts } from './scripts.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const outcomes = await runScripts('interop', [], values.only);
process.exitCode = outcomes.some(({ passed }) => !passed) ? 1 : 0;
