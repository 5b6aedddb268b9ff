import { expect, test } from 'vitest';
import * as cli from '../src/index.js';

test('the public names', () => {
  expect(Object.keys(cli).sort()).toMatchInlineSnapshot(`
    [
      "exitCode",
      "main",
    ]
  `);
});
