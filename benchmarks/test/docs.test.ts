import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentation } from '../src/docs.js';
import { fillBlocks } from '../src/generated-blocks.js';

describe('the documentation', () => {
  // What `npm run bench -- --docs` would write is what is there: every figure can be traced to the committed run.
  it.each([...documentation()].map(([path, text]) => ({ path, text })))(
    'agrees with the run: $path',
    ({ path, text }) => {
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8') === text, `${path}: run npm run bench -- --docs`).toBe(true);
    },
  );
});

describe('fillBlocks', () => {
  const text = 'by hand\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nby hand too\n';

  it('replaces what is between its marks alone', () => {
    expect(fillBlocks(text, { a: 'new' })).toBe(text.replace('old', 'new'));
  });

  it('is the same when done again', () => {
    const once = fillBlocks(text, { a: '\nnew\n\n' });
    expect(fillBlocks(once, { a: 'new' })).toBe(once);
  });

  it('refuses a text that lacks a block, or has one that nobody fills', () => {
    expect(() => fillBlocks(text, { a: '', b: '' })).toThrow('has the blocks a, expected a, b');
    expect(() => fillBlocks(text, {})).toThrow('has the blocks a, expected ');
  });
});
