import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { defineSchema, type FieldSpec, field } from '@zc/format';
import { type FileKind, fileKindOf, type SettledKind } from './file-kind.js';
import { listFiles } from './file-list.js';
import { type Labels, labelsOf } from './labels.js';
import { readAhead } from './read-ahead.js';
import type { BadRow, OpenedSource, SampleSource, SourceOptions, SourceRow } from './sample-source.js';

/**
 * A folder of files of one kind, one sample a file.
 *
 * Fields: what the file holds (`audio`, `image`, `text`, …), `label` (int64, an index into the `classes` of the
 * schema's metadata) where there are labels, and `name`, the path relative to the folder.
 */
export const folder: SampleSource = {
  name: 'folder',

  async detect(input) {
    return input.isDirectory;
  },

  async open({ path }, options: SourceOptions): Promise<OpenedSource> {
    const root = path!;
    const files = await listFiles(root, options);
    const kind = commonKind(root, files);
    const labels = labelsOf(files, options.labelFrom, options.classes);
    const first = join(root, files[0]!);
    const settled = kind.settle({ path: first, bytes: await readFile(first) }, files);

    const fields: Record<string, FieldSpec> = { [kind.field]: settled.spec };
    if (labels) fields.label = field.scalar('int64');
    fields.name = field.text();
    const metadata = { ...settled.metadata, ...(labels && { classes: JSON.stringify(labels.classes) }) };

    return {
      schema: defineSchema(fields, { metadata }),
      samples: files.length,
      bytes: undefined,
      facts: [`${files.length} ${kind.title}`, ...labelFacts(labels)],
      async *rows(from): AsyncGenerator<SourceRow | BadRow> {
        let index = from;
        for await (const { item, result } of readAhead(files.slice(from), (file) =>
          readFile(join(root, file)),
        )) {
          const origin = join(root, item);
          const bytesRead = result.byteLength;
          const label = labels && { label: BigInt(labels.ids[index]!) };
          index++;
          const value = decoded(settled, result, origin);
          if (value instanceof ZcError) yield { error: value, bytesRead };
          else yield { sample: { [kind.field]: value, name: item, ...label }, bytesRead, origin };
        }
      },
    };
  },
};

/** What a file holds, or why it cannot be a sample: the file alone is bad, not the folder. */
function decoded({ decode }: SettledKind, content: Uint8Array, path: string): unknown {
  try {
    return decode(content, path);
  } catch (error) {
    if (error instanceof ZcError) return error;
    throw error;
  }
}

function commonKind(root: string, files: readonly string[]): FileKind {
  const counts = new Map<FileKind, { count: number; example: string }>();
  for (const file of files) {
    const kind = fileKindOf(file);
    const found = counts.get(kind);
    if (found) found.count++;
    else counts.set(kind, { count: 1, example: file });
  }
  const [only] = counts.keys();
  if (counts.size === 1 && only) return only;
  const found = [...counts].map(([kind, { count, example }]) => `${count} ${kind.title} (${example})`);
  throw new ZcError('ZC_CONVERT_MIXED', `the folder holds files of different kinds: ${found.join(', ')}`, {
    path: root,
    advice: "Choose one kind with --include or --exclude, for example --include '*.wav'.",
  });
}

function labelFacts(labels: Labels | undefined): string[] {
  if (!labels) return ['no labels: the files lie in no sub-folders and their names show none'];
  const shown = labels.classes.slice(0, 10).join(', ');
  const more = labels.classes.length > 10 ? ', …' : '';
  return [`${labels.classes.length} classes from ${labels.origin}: ${shown}${more}`];
}
