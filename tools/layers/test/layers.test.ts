import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layers } from '../allowed.js';
import { dependenciesOf, importsOf, isNode, isOurs, leaves, packageOf } from '../imports.js';
import { arrows, depths, drawPicture } from '../picture.js';

describe.each(Object.entries(layers))('%s', (name, { folder, mayImport }) => {
  const found = importsOf(folder);

  test('imports only what lies below it', () => {
    const foreign = found.filter(({ specifier }) => isOurs(specifier) && packageOf(specifier) !== name);
    expect(foreign.filter(({ specifier }) => !mayImport.includes(packageOf(specifier)))).toEqual([]);
  });

  test('depends only on what it may import', () => {
    expect(dependenciesOf(folder).filter((dependency) => !mayImport.includes(dependency))).toEqual([]);
  });

  test('names every package of ours that it imports as a dependency', () => {
    const imported = new Set(
      found
        .map(({ specifier }) => specifier)
        .filter(isOurs)
        .map(packageOf),
    );
    imported.delete(name);
    expect([...imported].filter((other) => !dependenciesOf(folder).includes(other))).toEqual([]);
  });

  test('reaches other packages by their names, never by a path', () => {
    expect(found.filter((one) => leaves(folder, one))).toEqual([]);
  });
});

test.each(['packages/errors', 'packages/format'])(
  '%s runs without Node, but for its entry of that name',
  (folder) => {
    const browser = importsOf(folder).filter(({ file }) => !file.startsWith(`${folder}/src/node/`));
    expect(browser.filter(isNode)).toEqual([]);
    expect(browser.filter(({ specifier }) => specifier.startsWith('./node/'))).toEqual([]);
  },
);

test('the picture in docs/ shows the imports that there are (`npm run layers` draws it anew)', () => {
  const committed = readFileSync(new URL('../../../docs/architecture-imports.svg', import.meta.url), 'utf8');
  const shown = [...committed.matchAll(/<title>(@zc\/\w+)&#45;&gt;(@zc\/\w+)<\/title>/g)];
  expect(shown.map(([, from, to]) => `${from} -> ${to}`).sort()).toEqual(
    arrows()
      .map(({ from, to }) => `${from} -> ${to}`)
      .sort(),
  );
});

test('every arrow of the picture points down', async () => {
  const picture = await drawPicture();
  const nodes = picture.matchAll(/<title>(@zc\/\w+)<\/title>\s*<path[^>]*>\s*<text[^>]* y="(-?[\d.]+)"/g);
  const height = new Map([...nodes].map(([, name, y]) => [name, -Number(y)]));
  const found = arrows();
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter(({ from, to }) => !(height.get(from)! > height.get(to)!))).toEqual([]);
});

test('a circle of imports is refused', () => {
  const circle = [
    { from: '@zc/errors', to: '@zc/cli' },
    { from: '@zc/cli', to: '@zc/errors' },
  ];
  expect(() => depths(circle)).toThrow('@zc/errors -> @zc/cli -> @zc/errors');
});
