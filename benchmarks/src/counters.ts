import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long perf may take to attach; whom it looks at is idle meanwhile, so nothing is missed that would count. */
const ATTACH_MS = 150;

/**
 * Counts events of processes, with all threads and children that they start meanwhile, by `perf stat -p`.
 *
 * @example
 * const counters = await Counters.attach([child.pid], ['cycles', 'cache-misses']);
 * …
 * await counters.read();   // { cycles: 1234, … }; what this machine cannot count is left out
 */
export class Counters {
  readonly #perf: ChildProcess;
  #output = '';

  private constructor(perf: ChildProcess) {
    this.#perf = perf;
    perf.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  static async attach(pids: readonly number[], events: readonly string[]): Promise<Counters> {
    const args = ['stat', '--field-separator=;', `--event=${events.join(',')}`, `--pid=${pids.join(',')}`];
    // Numbers are written as the locale has them.
    const perf = spawn('perf', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const counters = new Counters(perf);
    await sleep(ATTACH_MS);
    return counters;
  }

  /** Ends the count. */
  async read(): Promise<Record<string, number>> {
    const ended = new Promise((resolve) => this.#perf.once('close', resolve));
    this.#perf.kill('SIGINT');
    await ended;
    const counts: Record<string, number> = {};
    for (const line of this.#output.split('\n')) {
      const [value = '', , event] = line.split(';');
      if (event !== undefined && /^\d/.test(value)) counts[event.replace(/:u$/, '')] = Number(value);
    }
    return counts;
  }
}
