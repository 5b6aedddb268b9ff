import { expect, test } from 'vitest';
import { errorCodes } from '../src/index.js';

test.each(Object.entries(errorCodes))('%s says in sentences what it means and what to do', (code, entry) => {
  expect(code).toMatch(/^ZC_[A-Z0-9]+(_[A-Z0-9]+)*$/);
  for (const sentence of [entry.meaning, entry.advice]) expect(sentence).toMatch(/^[A-Z`].*\.$/s);
});
