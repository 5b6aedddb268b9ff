/** The known name that another one was meant to be, in all likelihood; nothing where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.replace(/[^a-z0-9]/gi, '').toLowerCase();
  const wanted = plain(name);
  const nearest = known
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return nearest !== undefined && nearest.edits <= name.length / 3 ? nearest.candidate : undefined;
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let k = 1; k <= to.length; k++) {
      const changed = row[k - 1]! + (from[i - 1] === to[k - 1] ? 0 : 1);
      next.push(Math.min(changed, row[k]! + 1, next[k - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
