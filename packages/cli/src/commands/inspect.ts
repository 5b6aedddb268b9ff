import type { Field, FieldLayout, Schema } from '@zc/format';
import type { Command } from 'commander';
import { Output } from '../output.js';
import { describeField } from '../schema-text.js';
import { findShards, type ShardSet, withShard } from '../shard-set.js';
import { formatTable } from '../table.js';
import { formatBytes, formatCount, formatSome } from '../units.js';

/** What `zc inspect --json` prints. */
interface Inspection {
  readonly path: string;
  readonly kind: 'dataset' | 'shard';
  readonly samples: number;
  readonly bytes: number;
  readonly main: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly FieldSummary[];
  readonly shards: readonly ShardSummary[];
}

type FieldSummary = Field & {
  readonly fixed: boolean;
  /** Bytes of its rows in all shards, and of the tables that find and check them. */
  readonly rowsBytes: number;
  readonly tablesBytes: number;
};

interface ShardSummary {
  readonly name: string;
  readonly samples: number;
  readonly bytes: number;
  readonly uuid: string;
  readonly sha256: string | null;
  /** Where each field lies in the file. */
  readonly layout: readonly Place[];
}

interface Place {
  readonly field: string;
  readonly offset: number;
  readonly length: number;
}

/** `zc inspect`: what a dataset or a shard holds. */
export function addInspect(program: Command): Command {
  return program
    .command('inspect')
    .summary('show what a dataset or a shard holds')
    .description('Shows the schema, the samples, the shards and how many bytes each field takes.')
    .argument('<dataset>', "a dataset's directory, or a shard")
    .option('--json', 'print it as JSON, with the place of each field in each shard')
    .addHelpText('after', '\nExample:\n  $ zc inspect data/train')
    .action(async (path: string, options: { json?: boolean }) => {
      const output = new Output(options);
      const inspection = await inspect(await findShards(path));
      if (output.json) output.document(inspection);
      else for (const line of toLines(inspection)) output.line(line);
    });
}

async function inspect({ path, manifest, shards }: ShardSet): Promise<Inspection> {
  const summaries: ShardSummary[] = [];
  const totals: FieldTotals[] = [];
  let schema: Schema | undefined = manifest?.schema;
  for (const { name, path: file, entry } of shards) {
    await withShard(file, async (shard, bytes) => {
      schema ??= shard.schema;
      const { samples, layout } = shard.footer;
      layout.forEach((field, i) => {
        totals[i] = addUp(totals[i], field);
      });
      summaries.push({
        name,
        samples,
        bytes,
        uuid: shard.uuid,
        sha256: entry?.sha256 ?? null,
        layout: layout.map(({ field, region }) => ({ field: field.name, ...region })),
      });
    });
  }
  return {
    path,
    kind: manifest ? 'dataset' : 'shard',
    samples: summaries.reduce((sum, { samples }) => sum + samples, 0),
    bytes: summaries.reduce((sum, { bytes }) => sum + bytes, 0),
    main: schema?.main ?? '',
    metadata: schema?.metadata ?? {},
    fields: (schema?.fields ?? []).map((field, i) => ({ ...field, ...(totals[i] ?? noRows) })),
    shards: summaries,
  };
}

type FieldTotals = Pick<FieldSummary, 'fixed' | 'rowsBytes' | 'tablesBytes'>;

const noRows: FieldTotals = { fixed: false, rowsBytes: 0, tablesBytes: 0 };

function addUp(sum: FieldTotals = noRows, layout: FieldLayout): FieldTotals {
  const tables = [layout.ends, layout.dims, layout.checksums];
  return {
    fixed: layout.fixed,
    rowsBytes: sum.rowsBytes + layout.region.length,
    tablesBytes: sum.tablesBytes + tables.reduce((bytes, table) => bytes + (table?.length ?? 0), 0),
  };
}

function toLines({ path, kind, samples, bytes, main, metadata, fields, shards }: Inspection): string[] {
  const size = `${formatSome(samples, 'row')}, ${formatSome(shards.length, 'shard')}, ${formatBytes(bytes)}`;
  const fieldRows = fields.map((field) => [
    field.name === main ? `${field.name} *` : field.name,
    describeField(field),
    field.fixed ? 'fixed' : 'variable',
    formatBytes(field.rowsBytes),
    formatBytes(samples === 0 ? 0 : field.rowsBytes / samples),
    field.checksum,
    field.codec,
  ]);
  const shardRows = shards.map(({ name, samples, bytes, uuid }) => [
    name,
    formatCount(samples),
    formatBytes(bytes),
    uuid,
  ]);
  return [
    `${path}: ${kind}, ${size}`,
    '',
    ...formatTable(['field', 'type', 'rows', 'bytes', 'a row', 'checksum', 'codec'], fieldRows, [
      'bytes',
      'a row',
    ]),
    ...Object.entries(metadata).map(([key, value], i) => `${i === 0 ? '\n' : ''}${key} = ${shorten(value)}`),
    '',
    ...formatTable(['shard', 'rows', 'bytes', 'uuid'], shardRows.slice(0, SHARDS_SHOWN), ['rows', 'bytes']),
    ...(shardRows.length > SHARDS_SHOWN
      ? [`… and ${shardRows.length - SHARDS_SHOWN} more (--json has all)`]
      : []),
  ];
}

const SHARDS_SHOWN = 20;
const METADATA_CHARACTERS_SHOWN = 100;

function shorten(text: string): string {
  return text.length > METADATA_CHARACTERS_SHOWN ? `${text.slice(0, METADATA_CHARACTERS_SHOWN)}…` : text;
}
