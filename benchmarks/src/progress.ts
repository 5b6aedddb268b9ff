import { SingleBar } from 'cli-progress';
import type { Step } from './runner.js';

/**
 * How far a run is, on stderr: one line that is kept up to date where somebody watches, else a line a step.
 *
 * @example
 * using progress = new Progress(scenarios.length);
 * progress.step(i, { scenario: 'cold-rand-110k', contender: 'zc', phase: 'round 3' });
 */
export class Progress implements Disposable {
  readonly #scenarios: number;
  readonly #bar: SingleBar | undefined;
  readonly #begun = performance.now();

  constructor(scenarios: number) {
    this.#scenarios = scenarios;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: '{bar} scenario {number}/{total}  {words}  {elapsed}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 20,
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stderr,
      gracefulExit: false,
    });
    this.#bar.start(scenarios, 0, { number: 1, words: '', elapsed: '0:00' });
  }

  /** @param index - of the scenario, from 0 */
  step(index: number, { scenario, contender, phase }: Step): void {
    this.say(index, `${scenario}  ${phase}  ${contender}`);
  }

  say(index: number, words: string): void {
    const elapsed = minutes((performance.now() - this.#begun) / 1000);
    if (this.#bar) this.#bar.update(index, { number: index + 1, words, elapsed });
    else process.stderr.write(`${elapsed}  ${index + 1}/${this.#scenarios}  ${words}\n`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}

/** 75 is 1:15. */
function minutes(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
