import { PLAN_EXTENT_NUMBERS, PLAN_HEAD_NUMBERS, PLAN_PIECE_NUMBERS } from '@zc/io';

/** Some extents of a read plan, as a plan of their own, and the files that they name. */
export interface PlanPart {
  readonly plan: Float64Array;
  /** What the extents have in place of files, each once. */
  readonly files: readonly number[];
}

/**
 * Cuts a read plan into plans that name no more than `filesMax` files each.
 *
 * As a rule that is the one plan, and not a copy of it.
 */
export function cutPlan(plan: Float64Array, filesMax: number): PlanPart[] {
  const extents = plan[0]!;
  const parts: PlanPart[] = [];
  let files = new Set<number>();
  let first = 0;
  let last = -1;
  for (let i = 0; i < extents; i++) {
    const file = plan[PLAN_HEAD_NUMBERS + i * PLAN_EXTENT_NUMBERS]!;
    if (file === last) continue;
    last = file;
    if (files.size === filesMax && !files.has(file)) {
      parts.push({ plan: extentsOf(plan, first, i), files: [...files] });
      files = new Set();
      first = i;
    }
    files.add(file);
  }
  parts.push({ plan: first === 0 ? plan : extentsOf(plan, first, extents), files: [...files] });
  return parts;
}

/** Puts `numbers[i]` in the place of `files[i]`. */
export function nameFiles({ plan, files }: PlanPart, numbers: readonly number[]): void {
  const numberOf = new Map(files.map((file, i) => [file, numbers[i]!]));
  const end = PLAN_HEAD_NUMBERS + plan[0]! * PLAN_EXTENT_NUMBERS;
  for (let at = PLAN_HEAD_NUMBERS; at < end; at += PLAN_EXTENT_NUMBERS) plan[at] = numberOf.get(plan[at]!)!;
}

function extentsOf(plan: Float64Array, first: number, end: number): Float64Array {
  const extentsAt = PLAN_HEAD_NUMBERS + first * PLAN_EXTENT_NUMBERS;
  const extents = plan.slice(extentsAt, PLAN_HEAD_NUMBERS + end * PLAN_EXTENT_NUMBERS);
  const lastAt = extents.length - PLAN_EXTENT_NUMBERS;
  const firstPiece = extents[FIRST_PIECE]!;
  const endPiece = extents[lastAt + FIRST_PIECE]! + extents[lastAt + PIECES]!;
  for (let at = 0; at < extents.length; at += PLAN_EXTENT_NUMBERS) extents[at + FIRST_PIECE]! -= firstPiece;
  const piecesAt = PLAN_HEAD_NUMBERS + plan[0]! * PLAN_EXTENT_NUMBERS;
  const pieces = plan.subarray(
    piecesAt + firstPiece * PLAN_PIECE_NUMBERS,
    piecesAt + endPiece * PLAN_PIECE_NUMBERS,
  );
  const part = new Float64Array(PLAN_HEAD_NUMBERS + extents.length + pieces.length);
  part.set([end - first, endPiece - firstPiece]);
  part.set(extents, PLAN_HEAD_NUMBERS);
  part.set(pieces, PLAN_HEAD_NUMBERS + extents.length);
  return part;
}

/** Where these stand among the numbers of an extent. */
const FIRST_PIECE = 3;
const PIECES = 4;
