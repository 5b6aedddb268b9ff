import { type Options, SingleBar } from 'cli-progress';
import type { Output } from './output.js';
import { formatBytes, formatSeconds } from './units.js';

/** How far a piece of work is. */
export interface Progress {
  readonly done: number;
  /** Undefined where nobody knows: the bar then counts alone. */
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
  readonly #bar: SingleBar | undefined;
  readonly #started = performance.now();
  #shown = false;

  constructor(output: Output) {
    if (output.interactive) this.#bar = new SingleBar(barOptions);
  }

  update({ done, total, counted, bytes }: Progress): void {
    if (!this.#bar) return;
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = seconds === 0 ? 0 : bytes / seconds;
    const payload = {
      counted,
      rate: `${formatBytes(rate)}/s`,
      left:
        done === 0 || total === undefined ? '' : `${formatSeconds((seconds / done) * (total - done))} left`,
    };
    if (this.#shown) this.#bar.update(done, payload);
    else this.#bar.start(total ?? 0, done, payload);
    this.#shown = true;
  }

  /** Takes the bar away; the closing line stays. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}

const barOptions: Options = {
  format: '{bar} {percentage} %  {counted}  {rate}  {left}',
  barCompleteChar: '█',
  barIncompleteChar: '░',
  barsize: 24,
  clearOnComplete: true,
  hideCursor: true,
  stream: process.stderr,
  // SIGINT is handled by the command, which takes the bar away itself.
  gracefulExit: false,
};
