import { type Options, SingleBar } from 'cli-progress';
import type { Output } from './output.js';
import { formatBytes, formatSeconds } from './units.js';

/** How far a piece of work is. */
export interface Progress {
  readonly done: number;
  /** Undefined where nobody knows: then what was done is told, without a bar. */
  readonly total: number | undefined;
  /** What was done, in words. */
  readonly counted: string;
  /** How many bytes that took. */
  readonly bytes: number;
}

/**
 * A bar on stderr with what was done, how fast, and the time that is left; nothing where nobody watches.
 *
 * @example
 * using bar = new ProgressBar(output);
 * bar.update({ done: 500, total: 3000, counted: '500/3,000 rows', bytes: 4_000_000 });
 */
export class ProgressBar implements Disposable {
  readonly #interactive: boolean;
  readonly #started = performance.now();
  #bar: SingleBar | undefined;

  constructor(output: Output) {
    this.#interactive = output.interactive;
  }

  update(progress: Progress): void {
    if (!this.#interactive) return;
    const seconds = (performance.now() - this.#started) / 1000;
    const { done, total } = bounded(progress);
    const payload = payloadOf(progress, seconds);
    if (this.#bar) {
      this.#bar.setTotal(total);
      this.#bar.update(done, payload);
      return;
    }
    this.#bar = new SingleBar({ ...options, format: formatOf(progress) });
    this.#bar.start(total, done, payload);
  }

  /** Takes the bar away; the closing line stays. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}

/** A total of 0 would be shown as a bar of NaN percent, and one that was estimated may be passed. */
function bounded({ done, total }: Progress): { done: number; total: number } {
  if (total === undefined || total <= 0) return { done: 0, total: 1 };
  return { done: Math.min(done, total), total };
}

function payloadOf(progress: Progress, seconds: number) {
  const { counted, bytes } = progress;
  const { done, total } = bounded(progress);
  const left = done === 0 ? '' : `${formatSeconds((seconds / done) * (total - done))} left`;
  return {
    counted,
    rate: `${formatBytes(seconds === 0 ? 0 : bytes / seconds)}/s`,
    left,
    elapsed: formatSeconds(seconds),
  };
}

function formatOf({ total }: Progress): string {
  return total === undefined || total <= 0
    ? '{counted}  {rate}  {elapsed}'
    : '{bar} {percentage} %  {counted}  {rate}  {left}';
}

const options: Options = {
  barCompleteChar: '█',
  barIncompleteChar: '░',
  barsize: 20,
  clearOnComplete: true,
  hideCursor: true,
  stream: process.stderr,
  // SIGINT is handled by the command, which takes the bar away itself.
  gracefulExit: false,
};
