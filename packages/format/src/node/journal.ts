import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { Digests } from '../digests.js';
import { canonicalJson } from '../json.js';
import type { ShardEntry } from '../manifest.js';
import { ShardReader } from '../shard-reader.js';
import { fileSource } from './file-source.js';
import { OWNER_NAME } from './owner.js';
import { systemError } from './system-error.js';

/** Name of the file in a partial directory that tells how far the writing has come. */
export const JOURNAL_NAME = 'journal.jsonl';

/** Plain JSON that says from what and how a dataset is made. */
export type Identity = Readonly<Record<string, unknown>>;

/** What a writing has come to: its whole shards, and where the input stands behind them. */
export interface Progress {
  readonly shards: readonly ShardEntry[];
  /** What the writer's `position` gave at the end of the last of these shards. */
  readonly position: unknown;
}

/** Begins a journal: its first line is the identity, every other one a shard. */
export async function startJournal(directory: string, identity: Identity): Promise<void> {
  const path = join(directory, JOURNAL_NAME);
  await writeFile(path, `${JSON.stringify({ identity })}\n`).catch(refuseWrite(path));
}

export async function journalShard(directory: string, shard: ShardEntry, position: unknown): Promise<void> {
  const path = join(directory, JOURNAL_NAME);
  await appendFile(path, `${JSON.stringify({ shard, position })}\n`).catch(refuseWrite(path));
}

/**
 * What another writer has left in a directory: its shards up to the first that is not whole. Everything else there is
 * removed. Nothing where it has begun no shard, or none that can be gone on from.
 *
 * @throws ZC_FORMAT_RESUME where that writer had another identity
 */
export async function readProgress(
  directory: string,
  { identity, digests }: { identity: Identity; digests: Digests },
): Promise<Progress | undefined> {
  const [head, ...lines] = await readLines(join(directory, JOURNAL_NAME));
  if (head === undefined) return undefined;
  demandSame(head.identity as Identity, { identity, directory });
  const shards: ShardEntry[] = [];
  let position: unknown;
  for (const line of lines) {
    const shard = line.shard as ShardEntry;
    if (!(await isWhole(join(directory, shard.name), shard, digests))) break;
    shards.push(shard);
    position = line.position;
  }
  const kept = new Set([OWNER_NAME, JOURNAL_NAME, ...shards.map(({ name }) => name)]);
  for (const name of await readdir(directory)) {
    if (!kept.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
  if (shards.length < lines.length) {
    // Lines of shards that are gone must not stand before those that follow.
    await startJournal(directory, identity);
    for (const [i, shard] of shards.entries()) await journalShard(directory, shard, lines[i]!.position);
  }
  return shards.length > 0 ? { shards, position } : undefined;
}

/** The whole lines of a journal; the last one of a process that was killed may be cut short. */
async function readLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines: Record<string, unknown>[] = [];
  for (const line of whole.split('\n')) {
    if (line === '') continue;
    try {
      lines.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  return lines;
}

function demandSame(
  found: Identity,
  { identity, directory }: { identity: Identity; directory: string },
): void {
  for (const key of new Set([...Object.keys(identity), ...Object.keys(found ?? {})])) {
    const text = (value: unknown) => (value === undefined ? 'nothing' : canonicalJson(value));
    const [expected, actual] = [text(found?.[key]), text(identity[key])];
    if (expected === actual) continue;
    const summary = `${key} is ${shorten(actual)}, and was ${shorten(expected)} when the writing was interrupted`;
    throw new ZcError('ZC_FORMAT_RESUME', summary, { path: directory, expected, actual });
  }
}

const SHOWN = 200;

function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

async function isWhole(path: string, entry: ShardEntry, digests: Digests): Promise<boolean> {
  try {
    await using source = await fileSource(path);
    const shard = await ShardReader.open(source, { digests });
    return shard.uuid === entry.uuid && shard.length === entry.samples && source.sizeBytes === entry.bytes;
  } catch {
    return false;
  }
}

function refuseWrite(path: string) {
  return (cause: unknown): never => {
    throw systemError('ZC_IO_WRITE', 'writing the journal', path, cause);
  };
}
