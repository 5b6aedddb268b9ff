import { basename } from 'node:path';
import { ZcError } from '@zc/errors';

/** The class of every file. */
export interface Labels {
  /** The names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** The label of each file, in the order of the files. */
  readonly ids: readonly number[];
  /** Where the labels were taken from, in words. */
  readonly origin: string;
}

/**
 * Finds the label of each file, in the folder it lies in or in its name.
 *
 * - `folder`: the first folder of the relative path, as in `cat/001.jpg`.
 * - `name:REGEX`: what the first group of the expression matches in the file's name.
 * - `auto` (the default): the folder, where all files lie in one; else what stands before the first `_`, where
 *   all names look like `{label}_{speaker}_{index}.wav` and there are two classes at least; else none.
 *
 * Classes that are all whole numbers are sorted as numbers, others by their UTF-16 code units.
 *
 * @param files paths relative to the packed folder, with `/`
 * @param classes what the classes are and how they are numbered, so that train and test parts get the same numbers;
 *   by default those that were found
 * @returns undefined where the files have no labels
 * @throws ZC_ARGUMENT for a `labelFrom` that is none of these; ZC_CONVERT_MIXED where a file has no label, or one
 *   that is none of `classes`
 */
export function labelsOf(
  files: readonly string[],
  labelFrom = 'auto',
  classes?: readonly string[],
): Labels | undefined {
  const labels = foundLabels(files, labelFrom);
  return labels === undefined || classes === undefined ? labels : numberedBy(classes, labels, files);
}

function foundLabels(files: readonly string[], labelFrom: string): Labels | undefined {
  if (labelFrom === 'none') return undefined;
  if (labelFrom === 'folder') return fromFolders(files);
  if (labelFrom.startsWith('name:')) return fromNames(files, parseExpression(labelFrom.slice(5)));
  if (labelFrom !== 'auto') {
    throw new ZcError('ZC_ARGUMENT', `labels cannot be taken from "${labelFrom}"`, {
      advice: 'Use auto, folder, none or name:REGEX, for example name:^([^_]+)_ for 7_jackson_32.wav.',
    });
  }
  if (files.some((file) => file.includes('/'))) return fromFolders(files);
  if (!files.every((file) => recordingName.test(file))) return undefined;
  const labels = fromNames(files, recordingName, 'the name of each file up to the first _');
  return labels.classes.length > 1 ? labels : undefined;
}

const recordingName = /^([^_]+)_[^_]+_\d+\.\w+$/;

function fromFolders(files: readonly string[]): Labels {
  const names = files.map((file) => {
    const slash = file.indexOf('/');
    if (slash < 0) {
      throw new ZcError('ZC_CONVERT_MIXED', 'the file lies in no sub-folder that would be its label', {
        path: file,
        advice: 'Leave such files out with --exclude, or pack without labels: --label-from none.',
      });
    }
    return file.slice(0, slash);
  });
  return toLabels(names, 'the folder of each file');
}

function fromNames(
  files: readonly string[],
  expression: RegExp,
  origin = `the name of each file, by ${expression}`,
): Labels {
  const names = files.map((file) => {
    const label = expression.exec(basename(file))?.[1];
    if (label === undefined) {
      throw new ZcError('ZC_CONVERT_MIXED', `the file's name does not match ${expression}`, {
        path: file,
        advice: 'Leave such files out with --exclude, or widen the expression of --label-from.',
      });
    }
    return label;
  });
  return toLabels(names, origin);
}

function parseExpression(text: string): RegExp {
  let expression: RegExp;
  try {
    expression = new RegExp(text, 'u');
  } catch (cause) {
    throw new ZcError('ZC_ARGUMENT', `"${text}" is not a regular expression`, { cause });
  }
  // An alternative that matches nothing tells how many groups there are.
  if (new RegExp(`${text}|`, 'u').exec('')!.length < 2) {
    throw new ZcError('ZC_ARGUMENT', `"${text}" has no group that would be the label`, {
      advice: 'Put the part that is the label in parentheses: name:^([^_]+)_',
    });
  }
  return expression;
}

function toLabels(names: readonly string[], origin: string): Labels {
  const classes = [...new Set(names)];
  const numeric = classes.every((name) => /^(0|[1-9]\d{0,14})$/.test(name));
  if (numeric) classes.sort((a, b) => Number(a) - Number(b));
  else classes.sort();
  const idOf = new Map(classes.map((name, id) => [name, id]));
  return { classes, ids: names.map((name) => idOf.get(name)!), origin };
}

function numberedBy(classes: readonly string[], labels: Labels, files: readonly string[]): Labels {
  const idOf = new Map(classes.map((name, id) => [name, id]));
  if (idOf.size < classes.length) {
    throw new ZcError('ZC_ARGUMENT', 'a class is named twice', { actual: classes });
  }
  const ids = labels.ids.map((found, i) => {
    const name = labels.classes[found]!;
    const id = idOf.get(name);
    if (id !== undefined) return id;
    throw new ZcError('ZC_CONVERT_MIXED', `the file's class "${name}" is none of those that were given`, {
      path: files[i]!,
      advice: 'Add it to --classes, or leave such files out with --exclude.',
    });
  });
  return { classes, ids, origin: `${labels.origin}, numbered as given` };
}
