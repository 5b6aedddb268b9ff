import { expect, it } from 'vitest';
import * as torch from '../src/index.js';

it('the public names', () => {
  expect(Object.keys(torch).sort()).toEqual(['Bridge', 'PROTOCOL_VERSION']);
});
