import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnvironmentRecipe } from '../rivals/environments.js';
import { makeEnvironments, whatEnvironmentLacks } from '../src/environments.js';

const folder = mkdtempSync(join(tmpdir(), 'zc-environments-'));
const before = process.env.ZC_BENCH_DATA;

/** Needs nothing that is not in every environment. */
const modest: EnvironmentRecipe = { installs: [], modules: ['pip'] };
const uncompiled: EnvironmentRecipe = {
  ...modest,
  build: { libraries: ['zc-library-of-nobody'], debian: ['libnobody-dev'] },
};

beforeAll(() => {
  process.env.ZC_BENCH_DATA = folder;
});

afterAll(() => {
  if (before === undefined) delete process.env.ZC_BENCH_DATA;
  else process.env.ZC_BENCH_DATA = before;
  rmSync(folder, { recursive: true });
});

async function make(recipes: Record<string, EnvironmentRecipe>): Promise<string[]> {
  const said: string[] = [];
  const complete = await makeEnvironments(recipes, (text) => said.push(text));
  return [...said, complete ? 'complete' : 'incomplete'];
}

test('an environment is made once, and again where its recipe changes; what fails is noted, and the next one tried', {
  timeout: 60_000,
}, async () => {
  expect(whatEnvironmentLacks('modest')).toContain('--rivals modest');
  await make({ modest });
  expect(whatEnvironmentLacks('modest')).toBeUndefined();

  const left = join(folder, 'modest', 'left-behind');
  writeFileSync(left, '');
  expect(await make({ modest })).toEqual(['modest: is there', 'complete']);
  expect(existsSync(left)).toBe(true);

  const changed = { ...modest, installs: [['--no-index', 'zc-package-of-nobody==1.0']] };
  const said = await make({ uncompiled, modest: changed });
  expect(said.filter((text) => text.includes('not made'))).toHaveLength(2);
  expect(said.at(-1)).toBe('incomplete');
  expect(existsSync(left)).toBe(false);
  expect(whatEnvironmentLacks('uncompiled')).toContain('apt-get install libnobody-dev');
  expect(whatEnvironmentLacks('modest')).toContain('zc-package-of-nobody');
});
