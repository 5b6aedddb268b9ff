import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { isZcError, ZcError } from '../src/index.js';

test('an error is one of ours, with its own code and no other', () => {
  const error: unknown = new ZcError('ZC_ABORTED', 'stopped');
  expect(isZcError(error)).toBe(true);
  expect(isZcError(error, 'ZC_ABORTED')).toBe(true);
  expect(isZcError(error, 'ZC_ARGUMENT')).toBe(false);
});

test('an error of a second copy of the package is one of ours', async () => {
  vi.resetModules();
  const second = await import('../src/index.js');
  expect(second.ZcError).not.toBe(ZcError);
  expect(isZcError(new second.ZcError('ZC_ABORTED', 'stopped'), 'ZC_ABORTED')).toBe(true);
});

test('an error of another realm is one of ours', () => {
  const foreign = runInNewContext(`Object.assign(new Error('x'), { name: 'ZcError', code: 'ZC_ABORTED' })`);
  expect(foreign instanceof Error).toBe(false);
  expect(isZcError(foreign, 'ZC_ABORTED')).toBe(true);
});

test.each([
  [undefined],
  [null],
  ['ZC_ABORTED'],
  [new Error('ZC_ABORTED')],
  [Object.assign(new Error('no such file'), { code: 'ENOENT' })],
  [{ name: 'ZcError', code: 5 }],
])('%s is none of ours', (value) => {
  expect(isZcError(value)).toBe(false);
});
