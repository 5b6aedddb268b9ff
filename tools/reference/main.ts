/** Writes the pages of `docs/reference/` that are made from source. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderErrorsPage } from './errors-page.js';

const folder = new URL('../../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('errors.md', folder), renderErrorsPage());
