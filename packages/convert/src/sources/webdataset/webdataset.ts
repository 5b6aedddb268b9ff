import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { defineSchema, type FieldSpec, field, type Schema } from '@zc/format';
import type { Input } from '../../input.js';
import { fileFilter, listFiles } from '../file-list.js';
import { type LookedAt, lookAhead } from '../look-ahead.js';
import type { BadRow, OpenedSource, SampleSource, SourceOptions, SourceRow } from '../sample-source.js';
import { packingOf, UnpackedFile, unpackedHead } from '../unpacked-file.js';
import { isTar } from './tar-entries.js';
import { type TarField, tarField } from './tar-field.js';
import { type TarSample, tarSamples } from './tar-samples.js';

/** The field of a sample's key, beside those of its extensions. */
const KEY = '__key__';

/**
 * WebDataset tars, plain, gzip or zstd: one sample for the files of one key, a field for each extension.
 *
 * The tars are read one after the other, front to back. Fields are settled by the first samples; a sample that lacks
 * one of them, has another one or does not fit comes as a bad row.
 */
export const webdataset: SampleSource = {
  name: 'webdataset',

  async detect(input) {
    if (input.isDirectory) return (await tarsIn(input.path!)) !== undefined;
    return isTar(unpackedHead(input));
  },

  async open(input, options): Promise<OpenedSource> {
    const paths = input.isDirectory ? (await tarsIn(input.path!))! : input.paths;
    const looked = await lookAhead(() => samplesOf(input, paths, fileFilter(options)), {
      isReadOnce: paths.includes('-'),
    });
    const { all } = looked;
    const fields = settleFields(looked, paths[0]!, options);
    return {
      schema: schemaOf(fields),
      samples: looked.isAll ? looked.first.length : undefined,
      bytes: input.sizeBytes,
      facts: factsOf(input, paths, looked),
      async *rows(from): AsyncGenerator<SourceRow | BadRow> {
        let row = 0;
        for await (const sample of all()) if (row++ >= from) yield rowOf(sample, fields);
      },
    };
  },
};

async function* samplesOf(
  input: Input,
  paths: readonly string[],
  isWanted: (name: string) => boolean,
): AsyncGenerator<TarSample> {
  for (const path of paths) yield* tarSamples(new UnpackedFile(input, path), isWanted);
}

/** A folder of tars as such: they and what lies beside each under its name, such as `00000.json` of `00000.tar`. */
async function tarsIn(folder: string): Promise<string[] | undefined> {
  const files = await listFiles(folder).catch(() => []);
  const tars = files.filter((file) => TAR_NAME.test(file));
  if (tars.length === 0) return undefined;
  const stems = new Set(tars.map((tar) => tar.replace(TAR_NAME, '')));
  const isBeside = (file: string) => stems.has(file.replace(/(_stats)?\.[^./]+$/, ''));
  if (!files.every((file) => TAR_NAME.test(file) || isBeside(file))) return undefined;
  return tars.map((tar) => join(folder, tar));
}

const TAR_NAME = /\.(tar(\.(gz|zst|zstd))?|tgz)$/i;

function settleFields({ first }: LookedAt<TarSample>, path: string, options: SourceOptions): TarField[] {
  const entries = new Map<string, { path: string; entries: Parameters<typeof tarField>[1][number][] }>();
  for (const sample of first) {
    for (const [extension, entry] of sample.entries) {
      const found = entries.get(extension);
      if (found) found.entries.push(entry);
      else entries.set(extension, { path: sample.path, entries: [entry] });
    }
  }
  if (entries.size > 0) {
    return [...entries].map(([extension, found]) => tarField(extension, found.entries, found.path));
  }
  const refused = first.find(({ error }) => error)?.error;
  if (refused) throw refused;
  const isFiltered = options.include !== undefined || options.exclude !== undefined;
  throw new ZcError('ZC_CONVERT_EMPTY', 'the tar holds no file that is part of a sample', {
    path,
    advice: isFiltered
      ? 'Check the patterns of --include and --exclude; quote them for the shell.'
      : "A sample's files share the part of their name before the first dot: 0001.jpg, 0001.cls.",
  });
}

function schemaOf(fields: readonly TarField[]): Schema {
  const specs = fields.map(({ extension, spec }): [string, FieldSpec] => [extension, spec]);
  return defineSchema(Object.fromEntries([...specs, [KEY, field.text()]]));
}

function rowOf(sample: TarSample, fields: readonly TarField[]): SourceRow | BadRow {
  const { bytesRead, path, key, offset } = sample;
  try {
    return { sample: valuesOf(sample, fields), bytesRead, origin: `${path}:${key} @ ${offset}` };
  } catch (error) {
    if (error instanceof ZcError) return { error, bytesRead };
    throw error;
  }
}

function valuesOf(sample: TarSample, fields: readonly TarField[]): Record<string, unknown> {
  const { key, path, entries } = sample;
  if (sample.error) throw sample.error;
  const values = fields.map(({ extension, decode }): [string, unknown] => {
    const entry = entries.get(extension);
    if (entry === undefined) throw unlike(sample, `has no .${extension}, which others have`, extension);
    return [extension, decode(entry, path)];
  });
  if (entries.size === fields.length) return Object.fromEntries([...values, [KEY, key]]);
  const other = [...entries.keys()].find(
    (extension) => !fields.some((known) => known.extension === extension),
  )!;
  throw unlike(sample, `has a .${other}, which the first samples have not`, other);
}

function unlike({ key, path, offset }: TarSample, what: string, extension: string): ZcError {
  return new ZcError('ZC_CONVERT_MIXED', `sample ${key} ${what}`, {
    path,
    offset,
    advice: `Leave these files out with --exclude '*.${extension}', or such samples with --on-error skip.`,
  });
}

function factsOf(input: Input, paths: readonly string[], { first, isAll }: LookedAt<TarSample>): string[] {
  const packing = packingOf(input.head);
  const packed = packing === 'none' ? '' : `, ${packing}`;
  const what = paths.length === 1 ? `a WebDataset tar${packed}` : `${paths.length} WebDataset tars${packed}`;
  const looked = isAll ? `${first.length} samples` : `fields inferred from the first ${first.length} samples`;
  const python = new Set(first.flatMap(({ entries }) => [...entries.keys()]).filter((e) => PICKLED.test(e)));
  const kept = python.size > 0 ? [`.${[...python].join(', .')} kept as bytes: only Python reads them`] : [];
  return [what, looked, ...kept];
}

const PICKLED = /(^|\.)(pyd|pkl|pickle|pth|pt)$/;
