/**
 * `npm run test:soak`: every count of a hundred or more, in `packages/<package>/soak/`.
 *
 * `--scale 0.01` asks each script for that part of its counts, `--only NAME` picks scripts. A run of all of
 * them at a tenth or more writes its summary to `docs/soak.md`.
 */
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../setup/step.mjs';
import { runScripts } from './scripts.mjs';

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, only: { type: 'string' } },
});
const scale = Number(values.scale);
if (!(scale > 0)) throw new RangeError(`--scale is "${values.scale}"; give a number above 0, such as 0.01`);

/** From here on a run says enough to be kept. */
const SCALE_KEPT = 0.1;

const outcomes = await runScripts('soak', ['--scale', String(scale)], values.only);
if (scale >= SCALE_KEPT && values.only === undefined) writeFileSync(join(root, 'docs/soak.md'), summary());
process.exitCode = outcomes.some(({ passed }) => !passed) ? 1 : 0;

function summary() {
  const machine = `${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
  const rows = outcomes.map(
    ({ script, passed, seconds, said }) =>
      `| \`${script}\` | ${passed ? 'passed' : 'FAILED'} | ${Math.round(seconds)} | ${said.replaceAll('|', '\\|')} |`,
  );
  return `# The last soak

Written by \`npm run test:soak -- --scale ${scale}\` on ${new Date().toISOString().slice(0, 10)}: ${machine}, Node ${process.versions.node}. Scale 1 asks for every count in full.

| script | result | seconds | what it said last |
|---|---|---|---|
${rows.join('\n')}
`;
}
