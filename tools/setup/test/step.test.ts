import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cache, doStep } from '../step.mjs';

describe('a step of the set-up', () => {
  const name = `test-${process.pid}`;
  const stamp = join(cache, 'stamps', name);
  const run = vi.fn();
  let present = true;

  const once = (inputs: string[]) => doStep(name, { title: 'tested', inputs, present: () => present, run });

  beforeEach(async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    run.mockReset();
    present = true;
    await once(['a', 'b']);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(stamp, { force: true });
  });

  test('is done once for the same inputs', async () => {
    await once(['a', 'b']);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('is done again when an input changes, or is cut at another place', async () => {
    await once(['a', 'c']);
    await once(['ac']);
    expect(run).toHaveBeenCalledTimes(3);
  });

  test('is done again when its result was removed', async () => {
    present = false;
    await once(['a', 'b']);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('that fails is done again the next time', async () => {
    run.mockRejectedValueOnce(new Error('no network'));
    await expect(once(['new'])).rejects.toThrow('no network');
    await once(['new']);
    expect(run).toHaveBeenCalledTimes(3);
    expect(existsSync(stamp)).toBe(true);
  });

  test('says in one line what was done and how long it took, and nothing where nothing was', async () => {
    run.mockResolvedValueOnce('1.2.3');
    await once(['x']);
    await once(['x']);
    const lines = vi.mocked(console.log).mock.calls.map(([line]) => line);
    expect(lines).toEqual([
      expect.stringMatching(/^setup: tested, \d+\.\d s$/),
      expect.stringMatching(/^setup: tested \(1\.2\.3\), \d+\.\d s$/),
    ]);
  });
});
