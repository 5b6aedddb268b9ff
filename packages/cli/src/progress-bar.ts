import { type Options, SingleBar } from 'cli-progress';
import type { Output } from './output.js';
import { formatBytes, formatSeconds } from './units.js';

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

  /** `done` of `total`, what that is in words, and how many bytes it took. */
  update(progress: { done: number; total: number; counted: string; bytes: number }): void {
    if (!this.#bar) return;
    const { done, total, counted, bytes } = progress;
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = seconds === 0 ? 0 : bytes / seconds;
    const payload = {
      counted,
      rate: `${formatBytes(rate)}/s`,
      left: done === 0 ? '' : `${formatSeconds((seconds / done) * (total - done))} left`,
    };
    if (this.#shown) this.#bar.update(done, payload);
    else this.#bar.start(total, done, payload);
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
