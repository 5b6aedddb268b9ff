import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isZcError, ZcError } from '@zc/errors';
import type { ShardReader, VerifyReport } from '@zc/format';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { ProgressBar } from '../progress-bar.js';
import { findShards, type ShardFile, type ShardSet, withShard } from '../shard-set.js';
import { formatBytes, formatSeconds, formatSome } from '../units.js';

/** What was found in one shard. */
interface ShardFindings {
  readonly name: string;
  readonly ok: boolean;
  readonly samples: number;
  readonly bytes: number;
  /** The first thousand. */
  readonly damage: readonly ZcError[];
  readonly damageCount: number;
}

interface Check {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** `zc verify`: reads every byte of a dataset and lists what is damaged. */
export function addVerify(program: Command, end: (code: number) => void): Command {
  return program
    .command('verify')
    .summary('check every byte of a dataset or a shard')
    .description(
      'Reads every byte of a dataset and lists what is damaged: rows, tables, padding, shards that are not the\n' +
        'ones of the manifest. Ends with 1 where it found something.',
    )
    .argument('<dataset>', "a dataset's directory, or a shard")
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nExample:\n  $ zc verify data/train')
    .action(async (path: string, options: { json?: boolean }) => {
      end(await runVerify(path, new Output(options)));
    });
}

async function runVerify(path: string, output: Output): Promise<number> {
  const started = performance.now();
  const set = await findShards(path);
  using interrupt = new Interrupt();
  let shards: ShardFindings[];
  try {
    shards = await verifyAll(set, { output, signal: interrupt.signal });
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    output.say('Interrupted; the check is not complete.');
    return interrupt.exitCode;
  }
  const seconds = (performance.now() - started) / 1000;
  const ok = shards.every((shard) => shard.ok);
  if (output.json) output.document({ path, ok, seconds, shards: shards.map(toJson) });
  else for (const line of toLines(path, { shards, seconds, output })) output.line(line);
  return ok ? exitCode.ok : exitCode.found;
}

async function verifyAll(set: ShardSet, { output, signal }: { output: Output; signal: AbortSignal }) {
  using bar = new ProgressBar(output);
  const findings: ShardFindings[] = [];
  const total = await bytesToRead(set);
  let bytes = 0;
  const onBytes = (read: number) => {
    bytes += read;
    bar.update({ done: bytes, total, counted: `${findings.length}/${set.shards.length} shards`, bytes });
  };
  for (const shard of set.shards) findings.push(await verifyOne(shard, { signal, onBytes }));
  return findings;
}

/** A shard is read once for its checksums, and once more where its SHA-256 is known. */
async function bytesToRead({ shards }: ShardSet): Promise<number> {
  let bytes = 0;
  for (const { path, entry } of shards) {
    const once = entry?.bytes ?? (await stat(path)).size;
    bytes += entry?.sha256 ? once * 2 : once;
  }
  return bytes;
}

async function verifyOne(file: ShardFile, check: Check): Promise<ShardFindings> {
  try {
    const report = await withShard(file.path, (shard) => verifyContent(shard, check));
    const manifestDamage = await compareWithManifest(file, report, check);
    return {
      name: file.name,
      ok: report.ok && manifestDamage.length === 0,
      samples: report.samples,
      bytes: report.bytes,
      damage: [...report.damage, ...manifestDamage],
      damageCount: report.damageCount + manifestDamage.length,
    };
  } catch (error) {
    // What does not open is damage like any other; the other shards are checked all the same.
    if (!isZcError(error) || error.code === 'ZC_ABORTED') throw error;
    return { name: file.name, ok: false, samples: 0, bytes: 0, damage: [error], damageCount: 1 };
  }
}

async function verifyContent(shard: ShardReader, { signal, onBytes }: Check): Promise<Content> {
  let done = 0;
  const report = await shard.verify({
    signal,
    onProgress: ({ doneBytes }) => {
      onBytes(doneBytes - done);
      done = doneBytes;
    },
  });
  return { ...report, uuid: shard.uuid };
}

type Content = VerifyReport & { readonly uuid: string };

/** A shard that is whole can still be another one than the manifest means. */
async function compareWithManifest(file: ShardFile, found: Content, check: Check): Promise<ZcError[]> {
  const { entry, path } = file;
  if (!entry) return [];
  const differs = (what: string, expected: unknown, actual: unknown) =>
    new ZcError('ZC_FORMAT_MANIFEST', `the manifest says ${what} ${expected}, the shard has ${actual}`, {
      path,
      expected,
      actual,
    });
  const damage: ZcError[] = [];
  for (const key of ['bytes', 'samples', 'uuid'] as const) {
    if (entry[key] !== found[key]) damage.push(differs(key, entry[key], found[key]));
  }
  if (entry.sha256 !== null) {
    const actual = await sha256Of(path, check);
    if (actual !== entry.sha256) damage.push(differs('SHA-256', entry.sha256, actual));
  }
  return damage;
}

async function sha256Of(path: string, { signal, onBytes }: Check): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, signal })) {
    const bytes = chunk as Uint8Array;
    hash.update(bytes);
    onBytes(bytes.length);
  }
  return hash.digest('hex');
}

function toJson(findings: ShardFindings) {
  return { ...findings, damage: findings.damage.map((error) => error.toJSON()) };
}

function toLines(
  path: string,
  { shards, seconds, output }: { shards: readonly ShardFindings[]; seconds: number; output: Output },
): string[] {
  const sum = (key: 'samples' | 'bytes' | 'damageCount') =>
    shards.reduce((total, shard) => total + shard[key], 0);
  const read = `${formatSome(sum('samples'), 'row')}, ${formatSome(shards.length, 'shard')}, ${formatBytes(sum('bytes'))}`;
  const lines = shards.flatMap(({ damage, damageCount, name }) => [
    ...damage.map((error) => error.message.split('\n', 1)[0]!),
    ...(damageCount > damage.length ? [`${name}: … and ${damageCount - damage.length} more`] : []),
  ]);
  const found = sum('damageCount');
  const verdict = found === 0 ? 'every byte is as it was written' : `${formatSome(found, 'finding')}`;
  const told = output.styled(found === 0 ? 'good' : 'bad', verdict);
  return [...lines, `${path}: ${told} (${read}, ${formatSeconds(seconds)})`];
}
