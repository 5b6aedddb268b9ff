import { defineSchema, field } from '@zc/format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset, mix, type Source } from '../src/index.js';
import { partsOf } from '../src/sources/source.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { expectEverything } from './helpers/samples.js';

const [LARGE, SMALL] = [130, 40];
let large: Dataset<typeof everything>;
let small: Dataset<typeof everything>;
beforeAll(async () => {
  const samples = everythingSamples(LARGE);
  large = await Dataset.open(await writeDataset(everything, samples));
  small = await Dataset.open(await writeDataset(everything, samples.slice(0, SMALL)));
});
afterAll(() => Promise.all([large.close(), small.close()]));

const listOf = (source: Source, { epoch = 0, shuffle = true, seed = 5 } = {}) => {
  const ids = new Float64Array(source.length);
  partsOf(source).sequence({ shuffle, seed, epoch }).fill(ids, 0, ids.length);
  return [...ids];
};

describe('shares', () => {
  test('each source has its own of every beginning within one, of every stretch within two', () => {
    const mixture = mix([
      { source: large, weight: 0.7 },
      { source: small, weight: 0.3 },
    ]);
    expect(mixture).toMatchObject({ length: 170, period: 10, weights: [0.7, 0.3] });
    for (const epoch of [0, 1, 7]) {
      let ahead = 0;
      const all = listOf(mixture, { epoch }).map((id, i) => {
        if (id >= LARGE) ahead++;
        return ahead - (i + 1) * 0.3;
      });
      expect(Math.max(...all.map(Math.abs))).toBeLessThan(1);
      expect(Math.max(...all) - Math.min(...all)).toBeLessThan(2);
    }
  });

  test('weights beyond six decimals are taken as near as can be, and told', () => {
    const mixture = mix([
      { source: large, weight: Math.PI },
      { source: small, weight: 1 },
    ]);
    expect(mixture.period).toBe(2 ** 20);
    expect(mixture.weights[0]).not.toBe(Math.PI / (1 + Math.PI));
    expect(Math.abs(mixture.weights[0]! - Math.PI / (1 + Math.PI))).toBeLessThan(2 ** -20);
    expect(mixture.length).toBe(LARGE + SMALL);
  });
});

describe('each source keeps its own order and epochs', () => {
  test('a small one begins its next epoch while the large one goes on, also into the next epoch', () => {
    const mixture = mix([
      { source: large, weight: 1 },
      { source: small, weight: 1 },
    ]);
    const lists = [0, 1, 2].flatMap((epoch) => listOf(mixture, { epoch }));
    const ofLarge = lists.filter((id) => id < LARGE);
    const ofSmall = lists.filter((id) => id >= LARGE).map((id) => id - LARGE);
    for (const [ids, length] of [
      [ofLarge, LARGE],
      [ofSmall, SMALL],
    ] as const) {
      const epochs = Math.floor(ids.length / length);
      expect(epochs).toBeGreaterThan(0);
      const seen = Array.from({ length: epochs }, (_, e) => ids.slice(e * length, (e + 1) * length));
      for (const one of seen) expect(new Set(one).size).toBe(length);
      if (epochs > 1) expect(seen[0]).not.toEqual(seen[1]);
    }
  });

  test('the first has the order that it has alone; others of its length another one', () => {
    const alone = listOf(large);
    const twice = mix([
      { source: large, weight: 1 },
      { source: large.take(LARGE), weight: 1 },
    ]);
    const ids = listOf(twice);
    expect(ids.filter((_, i) => i % 2 === 0)).toEqual(alone);
    expect(ids.filter((_, i) => i % 2 === 1)).not.toEqual(alone);
    expect(new Set(ids.filter((_, i) => i % 2 === 1)).size).toBe(LARGE);
  });

  test('repeat goes through everything so many times, each time anew; a length limits or goes on', () => {
    const thrice = listOf(small.repeat(3));
    expect(thrice).toEqual([0, 1, 2].flatMap((epoch) => listOf(small, { epoch })));
    const short = mix([{ source: small, weight: 1 }], { length: 25 });
    const ids = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((epoch) => listOf(short, { epoch }));
    expect(ids).toEqual([0, 1, 2, 3, 4].flatMap((epoch) => listOf(small, { epoch })));
    expect(listOf(small.repeat(2), { shuffle: false })).toEqual(
      listOf(small.repeat(2), { shuffle: false, epoch: 1 }),
    );
  });
});

describe('reading a mixture', () => {
  test('samples come as they were written, from both datasets', async () => {
    const mixture = mix([
      { source: large, weight: 0.5 },
      { source: small.split({ some: 0.5, others: 0.5 }).some, weight: 0.5 },
    ]);
    await using loader = new DataLoader(mixture, { batchSize: 16, shuffle: true });
    let ofSmall = 0;
    for await (const batch of loader) {
      // Both hold the same samples under the same numbers, so their values tell them apart from wrong ones.
      const own = [...batch.indices].map((id) => (id < LARGE ? id : id - LARGE));
      batch.indices.forEach((id, i) => {
        expect(mixture.locate(id)).toEqual({ source: id < LARGE ? 0 : 1, index: own[i] });
      });
      ofSmall += own.filter((_, i) => batch.indices[i]! >= LARGE).length;
      const renumbered = Object.create(batch, { indices: { value: Float64Array.from(own) } });
      expectEverything(renumbered as Batch<typeof everything>, ['image', 'label', 'audio', 'caption']);
    }
    expect(ofSmall).toBe(loader.stats().samples / 2);
    await failure('ZC_ARGUMENT', () => loader.dataset);
    await failure('ZC_INDEX_RANGE', () => mixture.locate(LARGE + SMALL));
  });

  test('a mixture of mixtures is one too', async () => {
    const inner = mix([
      { source: small, weight: 1 },
      { source: large.take(10), weight: 1 },
    ]);
    const outer = mix([
      { source: inner, weight: 1 },
      { source: large, weight: 3 },
    ]);
    await using loader = new DataLoader(outer, { batchSize: 10, fields: ['label'], shuffle: true });
    for await (const batch of loader) {
      batch.indices.forEach((id, i) => {
        // The rows: those of `inner` (small, then large), then those of `large`.
        const own = id < SMALL ? id : id < SMALL + LARGE ? id - SMALL : id - SMALL - LARGE;
        expect(batch.label.data[i]).toBe(BigInt(own) * 10_000_000_019n);
      });
    }
  });
});

test('what cannot be mixed', async () => {
  await failure('ZC_ARGUMENT', () => mix([]));
  await failure('ZC_ARGUMENT', () => mix([{ source: large, weight: 0 }]));
  await failure('ZC_ARGUMENT', () => mix([{ source: {} as never, weight: 1 }]));
  await failure('ZC_ARGUMENT', () => mix([{ source: large, weight: 1 }], { lenght: 3 } as never));
  const empty = large.take(0);
  await failure('ZC_ARGUMENT', () => mix([{ source: empty, weight: 1 }], { length: 5 }));
  await failure('ZC_ARGUMENT', () =>
    mix([
      { source: large, weight: 1 },
      { source: empty, weight: 1 },
    ]),
  );
  const schema = defineSchema({ label: field.scalar('int64') });
  const other = await Dataset.open(await writeDataset(schema, [{ label: 3n }]));
  const error = await failure('ZC_ARGUMENT', () =>
    mix([
      { source: large, weight: 1 },
      { source: other as never, weight: 1 },
    ]),
  );
  expect(error.summary).toBe('datasets of different schemas cannot be mixed');
  await other.close();
});
