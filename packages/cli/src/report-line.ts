import type { DatasetReport } from '@zc/convert';
import { formatBytes, formatSeconds, formatSome } from './units.js';

/** `6,000 rows, 3 shards, 700 MiB`. */
export function sizeText({ samples, shards, bytes }: Omit<DatasetReport, 'seconds'>): string {
  return `${formatSome(samples, 'row')}, ${formatSome(shards, 'shard')}, ${formatBytes(bytes)}`;
}

/** The closing line of a command that made a dataset, with the next thing to type. */
export function madeLine(output: string, report: DatasetReport): string {
  return `${output}: ${sizeText(report)}, ${formatSeconds(report.seconds)}. Next: zc inspect ${output}`;
}
