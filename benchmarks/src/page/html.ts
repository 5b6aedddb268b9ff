/** Text as it stands between tags and in attributes. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A table that scrolls by itself where a telephone is too narrow for it. Cells are HTML. */
export function htmlTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  rowClass: (row: readonly string[]) => string = () => '',
): string {
  const head = header.map((cell) => `<th>${cell}</th>`).join('');
  const body = rows.map((row) => {
    const name = rowClass(row);
    const cells = row.map((cell) =>
      cell.length > 40 ? `<td class="words">${cell}</td>` : `<td>${cell}</td>`,
    );
    return `<tr${name && ` class="${name}"`}>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table><tr>${head}</tr>${body.join('\n')}</table></div>`;
}

/** Green for what was reached, red for what was not; the word says it too. */
export function verdict(words: string): string {
  return `<span class="${words.startsWith('met') ? 'met' : 'unmet'}">${escaped(words)}</span>`;
}
