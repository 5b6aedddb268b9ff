import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Counters } from './counters.js';
import { built, pythonInterpreter, script } from './folders.js';
import type { Settings } from './harness.js';
import type { Figure } from './measure.js';
import type { MemoryLimit } from './memory-limit.js';
import { descendants, machineCpuSeconds, treeUsage } from './process-tree.js';
import type { Contender } from './scenario.js';
import { withoutPrivileges } from './unprivileged.js';

/** What a contender says of one round; times are its own, taken around the consumer's loop. */
interface RoundReply {
  readonly seconds: number;
  readonly samples: number;
  readonly bytes: number;
  readonly epochs: number;
  /** Wrapping sum of all 64-bit words. */
  readonly sum: string;
  /** Where an epoch is a part of the set: what its samples add up to. */
  readonly sum_of_part: string | null;
  readonly first_batch_ms: number;
  readonly gap_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  /** What it noted beyond bytes and time, where the question asks for that. */
  readonly figures?: Readonly<Partial<Record<Figure, number>>>;
}

export interface Round extends RoundReply {
  readonly cpuSeconds: number;
  /** CPU that others spent meanwhile: load that was not ours. */
  readonly foreignCpuSeconds: number;
  readonly pssBytes: number;
  readonly pageFaults: number;
  readonly contextSwitches: number;
  /** By their names, those of `perf stat` that were asked for and that this machine has. */
  readonly events: Readonly<Record<string, number>>;
}

export interface StartOptions {
  /** Kills it. */
  readonly signal?: AbortSignal | undefined;
  /** What it runs in, with all that it starts. */
  readonly memory?: MemoryLimit | undefined;
  /** What `perf stat` counts in each round; nothing by default. */
  readonly events?: readonly string[] | undefined;
}

/**
 * A contender in a process of its own, which lives through all its rounds. Commands go in by its standard
 * input, replies come by descriptor 3, so that libraries may print what they like.
 */
export class ContenderProcess {
  readonly #child: ChildProcess;
  readonly #events: readonly string[];
  readonly #replies: AsyncIterator<string>;
  readonly #lines: Interface;
  /** What this contender reads besides the set itself: a copy of its own. */
  files: readonly string[] = [];
  #stderr = '';

  private constructor(child: ChildProcess, events: readonly string[], signal?: AbortSignal) {
    this.#child = child;
    this.#events = events;
    signal?.addEventListener('abort', this.#kill);
    child.once('exit', () => signal?.removeEventListener('abort', this.#kill));
    this.#lines = createInterface({ input: child.stdio[3] as Readable });
    this.#replies = this.#lines[Symbol.asyncIterator]();
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
  }

  /**
   * Starts a contender and has it make what it needs before any round.
   *
   * @throws an Error with what the contender said, or its process printed
   */
  static async start(
    contender: Contender,
    settings: Omit<Settings, 'params'>,
    { signal, memory, events = [] }: StartOptions = {},
  ): Promise<ContenderProcess> {
    const harness =
      contender.runtime === 'node'
        ? [process.execPath, built('src/harness.js')]
        : [pythonInterpreter(contender.environment), script('src/harness.py')];
    const whole = [...(contender.unprivileged ? withoutPrivileges() : []), ...harness];
    const [command, ...args] = memory?.wrap(whole) ?? whole;
    const child = spawn(command!, args, {
      // A group of its own: Ctrl-C is for the runner, which ends its contenders with all that they have started.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...contender.env,
        OMP_NUM_THREADS: '1',
        PYTHONPATH: script('../packages/torch/python/src'),
      },
    });
    const started = new ContenderProcess(child, events, signal);
    const { module, params = {} } = contender;
    try {
      const { files = [] } = await started.#ask({ op: 'start', module, settings: { ...settings, params } });
      started.files = files as string[];
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** @param reopen - open the data anew inside the round, as a cold start does */
  async round(options: { minSeconds: number; minEpochs: number; reopen: boolean }): Promise<Round> {
    const pid = this.#child.pid!;
    const counters =
      this.#events.length > 0 ? await Counters.attach(descendants(pid), this.#events) : undefined;
    const before = treeUsage(pid);
    const machineBefore = machineCpuSeconds();
    const reply = (await this.#ask({ op: 'round', ...options })) as unknown as RoundReply;
    const after = treeUsage(pid);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const foreignCpuSeconds = Math.max(0, machineCpuSeconds() - machineBefore - cpuSeconds);
    return {
      ...reply,
      cpuSeconds,
      foreignCpuSeconds,
      pssBytes: after.pssBytes,
      pageFaults: after.pageFaults - before.pageFaults,
      // A thread that ended takes its count with it.
      contextSwitches: Math.max(0, after.contextSwitches - before.contextSwitches),
      events: (await counters?.read()) ?? {},
    };
  }

  /** Lets go of the data, so that its pages can be dropped. */
  async release(): Promise<void> {
    await this.#ask({ op: 'release' });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin!.end();
    const timer = setTimeout(this.#kill, 10_000);
    await ended;
    clearTimeout(timer);
  }

  readonly #kill = (): void => {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };

  async #ask(command: Record<string, unknown>): Promise<Record<string, unknown>> {
    (this.#child.stdin as Writable).write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#replies.next();
    if (done) throw new Error(`the contender's process ended:\n${this.#stderr}`);
    const reply = JSON.parse(value) as Record<string, unknown>;
    if (typeof reply.error === 'string') throw new Error(reply.error);
    return reply;
  }
}
