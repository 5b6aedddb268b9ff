import { appendFileSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { type PackOptions, type PackReport, pack } from '../src/index.js';
import { arrayFile } from './helpers/array-file.js';
import { datasetDigest } from './helpers/dataset-digest.js';

const ROWS = 3000;

/** Rows become none, one or two samples, and every hundredth is bad: shards end within rows as well as between them. */
function job(): { options: PackOptions; parent: string; partial: string; map: string } {
  const parent = temporaryDirectory();
  const map = join(temporaryDirectory(), 'step.mjs');
  writeFileSync(
    map,
    `export default ({ x }) => {
      if (x % 100 === 99) throw new Error('bad ' + x);
      return Array.from({ length: x % 3 }, (_, i) => ({ x, i, text: String(x).repeat(i + 1) }));
    };`,
  );
  const input = arrayFile(
    Int32Array.from({ length: ROWS }, (_, i) => i),
    { descr: '<i4', shape: [ROWS] },
  );
  const options: PackOptions = {
    input,
    output: join(parent, 'out'),
    map,
    onError: 'skip',
    errorsFile: join(temporaryDirectory(), 'bad.jsonl'),
    errorsKept: 3,
    shardBytes: 2000,
    jobs: 1,
  };
  return { options, parent, partial: join(parent, '.out.zc-partial'), map };
}

/** Ends a packing after some rows, as Ctrl-C would; gives how many samples stay. */
async function interrupted(options: PackOptions, rows: number): Promise<number> {
  const controller = new AbortController();
  let kept = 0;
  let asked = 0;
  // The packing asks once a row whether it goes on.
  const signal = new Proxy(controller.signal, {
    get: (target, key) => (key === 'aborted' ? asked++ > rows : Reflect.get(target, key, target)),
  });
  const onKept: PackOptions['onKept'] = ({ samples }) => {
    kept = samples;
  };
  await failure('ZC_ABORTED', () => pack({ ...options, signal, onKept }));
  return kept;
}

const facts = ({ samples, shards, bytes, skipped, errors }: PackReport) => ({
  ...{ samples, shards, bytes, skipped },
  errors: errors.map(({ row, error }) => ({ row, error: error.message })),
});

test('what was interrupted, wherever and however often, goes on to the same bytes and the same report', async () => {
  const { options, parent } = job();
  const whole = { ...options, output: join(parent, 'whole'), errorsFile: join(parent, 'whole.jsonl') };
  const expected = await pack(whole);
  expect(expected.shards).toBeGreaterThan(5);
  let before = 0;
  for (const [i, row] of [700, 700, 10, 700].entries()) {
    const kept = await interrupted({ ...options, resume: i > 0, jobs: (i % 2) + 1 }, row);
    expect(kept).toBeGreaterThanOrEqual(before);
    before = kept;
  }
  expect(before).toBeGreaterThan(0);
  const report = await pack({ ...options, resume: true });
  expect(report.resumed).toBe(before);
  expect(facts(report)).toEqual(facts(expected));
  expect(datasetDigest(options.output)).toBe(datasetDigest(whole.output));
  expect(readFileSync(options.errorsFile!)).toEqual(readFileSync(whole.errorsFile));
  expect(readdirSync(parent).sort()).toEqual(['out', 'whole', 'whole.jsonl']);
});

test('shards that are not whole any more are written again; a torn line and strange files do not matter', async () => {
  const { options, parent, partial } = job();
  await interrupted(options, 2500);
  const shards = readdirSync(partial).filter((name) => name.endsWith('.zcs'));
  truncateSync(join(partial, shards[2]!), 5000);
  appendFileSync(join(partial, 'journal.jsonl'), '{"shard":{"na');
  writeFileSync(join(partial, 'shard-000099.zcs'), 'left by nobody');
  const report = await pack({ ...options, resume: true });
  expect(report.resumed).toBeGreaterThan(0);
  const whole = join(parent, 'whole');
  await pack({ ...options, output: whole });
  expect(datasetDigest(options.output)).toBe(datasetDigest(whole));
});

test('without resume everything is written anew', async () => {
  const { options, parent } = job();
  await interrupted(options, 2000);
  expect(await pack(options)).toMatchObject({ resumed: 0 });
  expect(readdirSync(parent)).toEqual(['out']);
});

test('where nothing was left, resume begins', async () => {
  const { options } = job();
  expect(await pack({ ...options, resume: true })).toMatchObject({ resumed: 0 });
});

test('before the first shard is whole nothing stays', async () => {
  const { options, parent } = job();
  expect(await interrupted(options, 5)).toBe(0);
  expect(readdirSync(parent)).toEqual([]);
});

test.each([
  ['options', { shardBytes: 3000 }],
  ['steps', { rename: { x: 'y' } }],
  ['input', {}],
])('other %s are refused, and what was left stays', async (what, changed) => {
  const { options, partial } = job();
  const plain = { ...options, map: undefined };
  expect(await interrupted(plain, 2500)).toBeGreaterThan(0);
  const before = readdirSync(partial);
  if (what === 'input') utimesSync(options.input as string, 1, 1);
  const error = await failure('ZC_FORMAT_RESUME', () => pack({ ...plain, ...changed, resume: true }));
  expect(error.message).toMatch(/ is .*, and was .* when the writing was interrupted/s);
  expect(readdirSync(partial)).toEqual(before);
});

test('standard input cannot be gone on with', async () => {
  const { options } = job();
  const { packIdentity } = await import('../src/input-identity.js');
  const plan = { schema: { fields: [], main: '', metadata: {} }, samples: 0, bytes: 0, facts: [] };
  const error = await failure('ZC_ARGUMENT', () => packIdentity(['-'], { options, plan, steps: [] }));
  expect(error.message).toContain('standard input');
});
