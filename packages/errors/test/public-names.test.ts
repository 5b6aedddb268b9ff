import { expect, test } from 'vitest';
import * as errors from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(errors).sort()).toMatchInlineSnapshot(`
    [
      "ZcError",
      "abortedError",
      "errorCodes",
      "isZcError",
    ]
  `);
});
