/** Prints which package imports which, and draws it into `docs/architecture-imports.svg`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { arrows, depths, drawPicture } from './picture.js';

const found = arrows();
const byDepth = [...depths(found)].sort(([, a], [, b]) => a - b);
for (const [name] of byDepth) {
  const imported = found.filter(({ from }) => from === name).map(({ to }) => to);
  console.log(`${name.padEnd(12)} imports ${imported.join(', ') || 'nothing of ours'}`);
}
const folder = new URL('../../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('architecture-imports.svg', folder), await drawPicture());
console.log('drawn: docs/architecture-imports.svg');
