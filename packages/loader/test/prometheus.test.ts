import { Registry } from 'prom-client';
import { beforeAll, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { DataLoader } from '../src/index.js';
import { registerMetrics } from '../src/stats/prometheus.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

const COUNT = 60;
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(COUNT));
});

/** The value behind a metric's name and labels in the text that Prometheus reads. */
async function scrape(registry: Registry): Promise<(metric: string) => number | undefined> {
  const lines = (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'));
  const values = new Map(lines.map((line) => line.split(/ (?=\S+$)/) as [string, string]));
  return (metric) => (values.has(metric) ? Number(values.get(metric)) : undefined);
}

test('two loaders in one registry, each with what it counted', async () => {
  const registry = new Registry();
  await using train = await DataLoader.open(directory, { batchSize: 20 });
  await using validation = await DataLoader.open(directory, { batchSize: 30 });
  const removeTrain = registerMetrics(train, { registry, name: 'train' });
  registerMetrics(validation, { registry, name: 'validation' });
  let value = await scrape(registry);
  expect(value('zc_loader_bottleneck{loader="train",by="nothing"}')).toBe(1);
  for await (const _ of train);
  for await (const _ of validation);
  value = await scrape(registry);
  expect(value('zc_loader_batches_total{loader="train"}')).toBe(3);
  expect(value('zc_loader_batches_total{loader="validation"}')).toBe(2);
  expect(value('zc_loader_samples_total{loader="train"}')).toBe(COUNT);
  const { waitedMs, bytesResident, bytesRead, verdict } = train.stats();
  expect(value('zc_loader_seconds_total{loader="train",part="wait"}')).toBeCloseTo(waitedMs / 1000, 9);
  expect(value('zc_loader_resident_bytes_total{loader="train"}')).toBe(bytesResident);
  expect(value('zc_loader_read_bytes_total{loader="train"}')).toBe(bytesRead);
  // All batches came since the scrape before.
  expect(value(`zc_loader_bottleneck{loader="train",by="${verdict.by}"}`)).toBe(1);
  // Scraped again with nothing in between, counters stay and the bottleneck is gone.
  value = await scrape(registry);
  expect(value('zc_loader_samples_total{loader="train"}')).toBe(COUNT);
  expect(value('zc_loader_bottleneck{loader="train",by="nothing"}')).toBe(1);

  removeTrain();
  value = await scrape(registry);
  expect(value('zc_loader_batches_total{loader="train"}')).toBeUndefined();
  expect(value('zc_loader_batches_total{loader="validation"}')).toBe(2);
});

test('a name is given once a registry', async () => {
  const registry = new Registry();
  await using loader = await DataLoader.open(directory);
  const remove = registerMetrics(loader, { registry });
  await failure('ZC_ARGUMENT', () => registerMetrics(loader, { registry }));
  remove();
  registerMetrics(loader, { registry });
  registerMetrics(loader, { registry: new Registry() });
});
