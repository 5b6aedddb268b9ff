/**
 * Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` in a Markdown text; everything else
 * stays as it was written by hand.
 *
 * @throws where the text has not exactly the blocks that are given
 */
export function fillBlocks(text: string, blocks: Readonly<Record<string, string>>): string {
  const found = [...text.matchAll(/<!-- bench:(\S+) -->/g)].map(([, name]) => name!);
  const [have, want] = [found.sort().join(', '), Object.keys(blocks).sort().join(', ')];
  if (have !== want) throw new Error(`the text has the blocks ${have || 'none'}, expected ${want}`);
  let filled = text;
  for (const [name, content] of Object.entries(blocks)) {
    const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const [from, to] = [filled.indexOf(begin) + begin.length, filled.indexOf(end)];
    if (to < from) throw new Error(`block ${name} does not end`);
    filled = `${filled.slice(0, from)}\n${content.trim()}\n${filled.slice(to)}`;
  }
  return filled;
}
