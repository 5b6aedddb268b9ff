import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const require = createRequire(import.meta.url);

// Node itself requires ES modules; Jest, tsx and others do not, and the CommonJS build runs under them too.
it('takes its dependencies as CommonJS where it is required', () => {
  for (const module of ['@noble/hashes/sha2.js', 'fzstd', 'zod']) {
    const text = readFileSync(require.resolve(module), 'utf8');
    expect(text, module).not.toMatch(/^(import|export) /m);
    expect(text, module).toMatch(/\bexports\b/);
  }
});
