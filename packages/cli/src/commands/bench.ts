import { setTimeout as sleep } from 'node:timers/promises';
import { isZcError } from '@zc/errors';
import { sum64 } from '@zc/io';
import { DataLoader, type LoaderStats, type ReadMode, type Verdict, verdictOf } from '@zc/loader';
import { type Command, Option } from 'commander';
import { dropFromPageCache } from '../cold-files.js';
import { probeDisk } from '../disk-probe.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { ProgressBar } from '../progress-bar.js';
import { formatTable } from '../table.js';
import { formatBytes, formatCount, formatSome, parseNumber, parseWhole } from '../units.js';

interface BenchOptions {
  batchSize: number;
  shuffle: boolean;
  seconds: number;
  fields?: string[];
  mode: ReadMode;
  prefetch?: number;
  stepMs: number;
  cold?: boolean;
  json?: boolean;
}

/** What was measured. */
interface Run {
  readonly seconds: number;
  readonly bytes: number;
  readonly firstBatchMs: number;
  readonly stats: LoaderStats;
}

const PROBE_SECONDS = 1;

/** `zc bench`: iterates over a dataset as a trainer would, and says what held it up. */
export function addBench(program: Command, end: (code: number) => void): Command {
  return program
    .command('bench')
    .summary('read a dataset as a trainer would, and say what holds it up')
    .description(
      'Iterates for some seconds, adding up every byte of every batch, shows the rate while it runs and ends\n' +
        'with where the time went and a verdict. Where the disk had to be read it is measured alone afterwards.',
    )
    .argument('<dataset>', "a dataset's directory, or a shard")
    .option('--batch-size <n>', 'samples in a batch', parseWhole, 64)
    .option('--no-shuffle', 'read in order')
    .option('--seconds <s>', 'how long', parseNumber, 10)
    .option('--fields <names...>', 'read these fields alone')
    .addOption(
      new Option('--mode <mode>', 'how rows come').choices(['auto', 'direct', 'copied']).default('auto'),
    )
    .option('--prefetch <n>', 'batches that are read ahead', parseWhole)
    .option('--step-ms <ms>', 'wait so long with each batch, as a training step would', parseNumber, 0)
    .option('--cold', 'drop the dataset from the page cache first')
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nExample:\n  $ zc bench data/train --cold --seconds 2')
    .action(async (path: string, options: BenchOptions) => {
      end(await runBench(path, options, new Output(options)));
    });
}

async function runBench(path: string, options: BenchOptions, output: Output): Promise<number> {
  const { batchSize, shuffle, fields, mode, prefetch: prefetchBatches } = options;
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  const startedMs = performance.now();
  await using loader = await DataLoader.open(path, {
    ...{ batchSize, shuffle, fields, mode, prefetchBatches, signal },
  });
  const paths = loader.dataset.shards.map((shard) => shard.path);
  if (options.cold) dropFromPageCache(paths);
  const openMs = performance.now() - startedMs;
  let run: Run;
  try {
    run = await iterate(loader, { ...options, output });
  } catch (error) {
    if (interrupt.exitCode === undefined || !isZcError(error, 'ZC_ABORTED')) throw error;
    return interrupt.exitCode;
  }
  const { stats } = run;
  const diskBytesPerSecond =
    stats.bytesRead > 0
      ? await probeDisk(paths, {
          blockBytes: run.bytes / stats.samples,
          order: shuffle ? 'random' : 'sequential',
          seconds: PROBE_SECONDS,
        })
      : undefined;
  const verdict = verdictOf(stats, { diskBytesPerSecond });
  if (output.json) output.document({ path, openMs, ...run, diskBytesPerSecond, verdict });
  else for (const line of toLines(path, { run, verdict, diskBytesPerSecond })) output.line(line);
  return 0;
}

/** Epoch after epoch, until the time is over. */
async function iterate(
  loader: DataLoader,
  { seconds, stepMs, output }: BenchOptions & { output: Output },
): Promise<Run> {
  using bar = new ProgressBar(output);
  const startedMs = performance.now();
  let [bytes, samples, firstBatchMs] = [0, 0, Number.NaN];
  for (;;) {
    for await (const batch of loader) {
      if (samples === 0) firstBatchMs = performance.now() - startedMs;
      for (const { data } of Object.values(batch.fields)) {
        sum64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        bytes += data.byteLength;
      }
      samples += batch.length;
      if (stepMs > 0) await sleep(stepMs);
      const doneSeconds = (performance.now() - startedMs) / 1000;
      bar.update({ done: doneSeconds, total: seconds, counted: formatSome(samples, 'sample'), bytes });
      if (doneSeconds < seconds) continue;
      return { seconds: doneSeconds, bytes, firstBatchMs, stats: loader.stats() };
    }
    if (samples === 0) return { seconds: 0, bytes, firstBatchMs, stats: loader.stats() };
  }
}

function toLines(
  path: string,
  {
    run: { seconds, bytes, firstBatchMs, stats },
    verdict,
    diskBytesPerSecond,
  }: { run: Run; verdict: Verdict; diskBytesPerSecond: number | undefined },
): string[] {
  if (stats.batches === 0) return [`${path}: ${verdict.text}`];
  const { samples, batches, helpers } = stats;
  const wholeMs = stats.waitedMs + stats.stepMs;
  const part = (what: string, ms: number, threads = 1) => [
    what,
    `${Math.round((ms / (wholeMs * Math.max(1, threads))) * 100)} %`,
    `${(ms / batches).toFixed(2)} ms`,
  ];
  const perSecond = (count: number) => count / seconds;
  return [
    `${path}: ${formatCount(Math.round(perSecond(samples)))} samples/s, ${formatBytes(perSecond(bytes))}/s for ` +
      `${seconds.toFixed(1)} s; the first batch came after ${firstBatchMs.toFixed(0)} ms`,
    '',
    ...formatTable(
      ['where the time went', 'of it', 'a batch'],
      [
        part('with the batch: your step', stats.stepMs),
        part('waiting for a batch', stats.waitedMs),
        part('reads under way', stats.readMs),
        part(`copies, with their checks (${formatSome(helpers, 'thread')})`, stats.copyMs, helpers),
        part(`checks apart from them (${formatSome(helpers, 'thread')})`, stats.checkMs, helpers),
        part('padding and transforms', stats.finishMs),
        part('planning', stats.planMs),
        part('waiting for tables', stats.lookupMs),
        part('waiting for a slot', stats.slotMs),
      ],
      ['of it', 'a batch'],
    ),
    '',
    `read ${formatBytes(perSecond(stats.bytesRead))}/s, ` +
      `found in the page cache ${formatBytes(perSecond(stats.bytesResident))}/s; ` +
      `${formatSome(stats.stalls, 'stall')}, ${(stats.readyBatches / batches).toFixed(1)} batches ready on average`,
    ...(diskBytesPerSecond === undefined
      ? []
      : [`the disk alone gave ${formatBytes(diskBytesPerSecond)}/s for reads of this size`]),
    verdict.text,
  ];
}
