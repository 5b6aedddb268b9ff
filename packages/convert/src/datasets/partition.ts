import { ZcError } from '@zc/errors';
import { DRAW_LIMIT, Draw } from './draw.js';

/** A part of a dataset that is being split. */
export interface Part {
  name: string;
  /** How many samples it gets. */
  samples: number;
}

/** How many samples each part gets, by its name: a number, or `'rest'` for what the others leave. */
export type PartCounts = Readonly<Record<string, number | 'rest'>>;

/** What the names of parts, which become directories, may be: not those of the files that a writer keeps beside them. */
const NAME = /^(?!(owner\.json|journal\.jsonl)$)[^./\\\p{Cc}][^/\\\p{Cc}]{0,199}$/u;

/**
 * Whole numbers of samples out of fractions that add up to 1: each is rounded down, and those that lost most get one
 * more until none is left over.
 *
 * @throws ZC_ARGUMENT
 */
export function partsByFractions(fractions: Readonly<Record<string, number>>, total: number): Part[] {
  const entries = Object.entries(fractions);
  const sum = entries.reduce((all, [, fraction]) => all + fraction, 0);
  const isWrong = entries.find(([, fraction]) => !(fraction >= 0 && fraction <= 1));
  if (isWrong || Math.abs(sum - 1) > 1e-9) {
    throw new ZcError('ZC_ARGUMENT', `the fractions add up to ${Number(sum.toFixed(9))}, not to 1`, {
      expected: 1,
      actual: fractions,
      advice: 'Give each part its fraction, from 0 to 1, such as train=0.8 and test=0.2.',
    });
  }
  const shares = entries.map(([name, fraction]) => ({ name, exact: fraction * total }));
  const parts = shares.map(({ name, exact }) => ({ name, samples: Math.floor(exact + 1e-9) }));
  const left = total - parts.reduce((all, { samples }) => all + samples, 0);
  const byLoss = shares.map(({ exact }, i) => ({ i, loss: exact - parts[i]!.samples }));
  byLoss.sort((a, b) => b.loss - a.loss || a.i - b.i);
  for (const { i } of byLoss.slice(0, left)) parts[i]!.samples++;
  return named(parts);
}

/** @throws ZC_ARGUMENT where the counts are not those of all samples */
export function partsByCounts(counts: PartCounts, total: number): Part[] {
  const entries = Object.entries(counts);
  const rests = entries.filter(([, count]) => count === 'rest').length;
  const fixed = entries.reduce((all, [, count]) => all + (count === 'rest' ? 0 : count), 0);
  const areWhole = entries.every(
    ([, count]) => count === 'rest' || (Number.isSafeInteger(count) && count >= 0),
  );
  if (!areWhole || rests > 1 || fixed > total || (rests === 0 && fixed !== total)) {
    throw new ZcError('ZC_ARGUMENT', `the parts do not make up the ${total} samples of the dataset`, {
      expected: total,
      actual: counts,
      advice: "Give each part a number of samples, and one of them 'rest' for what the others leave.",
    });
  }
  return named(entries.map(([name, count]) => ({ name, samples: count === 'rest' ? total - fixed : count })));
}

/** @throws ZC_ARGUMENT for a name that no directory should have */
export function named(parts: Part[]): Part[] {
  const wrong = parts.find(({ name }) => !NAME.test(name));
  if (parts.length > 0 && wrong === undefined) return parts;
  throw new ZcError('ZC_ARGUMENT', wrong ? `a part is named "${wrong.name}"` : 'no parts were named', {
    advice: 'Name the parts as directories are named, without / and not beginning with a dot.',
  });
}

/**
 * Tells sample after sample which part it goes to; each gets as many as it is to have.
 *
 * With a seed every way to draw them is equally likely: of the samples that are left, each part takes the next one with
 * the chance of what it still needs (Knuth, The Art of Computer Programming 2, algorithm S). Without one, the first
 * samples go to the first part, and so on.
 */
export function drawParts(parts: readonly Part[], seed: number | undefined): (i: number) => number {
  const needed = parts.map(({ samples }) => samples);
  let left = needed.reduce((sum, count) => sum + count, 0);
  const draw = seed === undefined ? undefined : new Draw(seed);
  return (i) => {
    let ticket = draw ? Math.floor((draw.at(i) / DRAW_LIMIT) * left) : 0;
    left--;
    const part = needed.findIndex((count) => {
      if (ticket < count) return true;
      ticket -= count;
      return false;
    });
    needed[part]!--;
    return part;
  };
}
