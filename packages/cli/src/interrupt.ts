import { exitCode } from './exit-code.js';

/** Turns Ctrl-C into an AbortSignal, so that a command can clean up; a second one ends the process at once. */
export class Interrupt implements Disposable {
  readonly #controller = new AbortController();
  #signalName: 'SIGINT' | 'SIGTERM' | undefined;

  constructor() {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code of the interruption, if there was one. */
  get exitCode(): number | undefined {
    if (this.#signalName === undefined) return undefined;
    return this.#signalName === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.#signalName !== undefined) process.exit(this.exitCode);
    this.#signalName = name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
    this.#controller.abort();
  };
}
