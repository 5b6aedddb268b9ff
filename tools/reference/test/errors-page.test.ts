import { readFileSync } from 'node:fs';
import { errorCodes } from '@zc/errors';
import { expect, test } from 'vitest';
import { renderErrorsPage } from '../errors-page.js';

test('docs/reference/errors.md is what `npm run reference` writes', () => {
  const committed = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
  expect(committed).toBe(renderErrorsPage());
});

test('every code has exactly one row', () => {
  const rows = renderErrorsPage().match(/^\| `ZC_\w+`/gm)!;
  expect(rows.map((row) => row.slice(3, -1)).sort()).toEqual(Object.keys(errorCodes).sort());
});
