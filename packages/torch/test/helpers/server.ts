import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  CONTROL_CHANNEL,
  decodeControl,
  encodeControl,
  FRAME_HEAD_BYTES,
  type Frame,
  FrameParser,
  PROTOCOL_VERSION,
} from '../../src/protocol.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Answer {
  readonly id: number | null;
  readonly ok?: Record<string, unknown>;
  readonly error?: { code: string; expected?: unknown; actual?: unknown };
}

/**
 * The server in a process of its own, and a client that says what it is told to say.
 *
 * It takes no batches: the descriptors that are sent with them are lost on the way.
 */
export class Server implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #control: Duplex;
  readonly #frames: Frame[] = [];
  #wake: () => void = () => {};
  #ended = false;
  #lastId = 0;

  private constructor() {
    const numbers = ['--control', '3', '--descriptors', '4', '--released', '5', '--parent', `${process.pid}`];
    this.#process = spawn(process.execPath, ['--import', 'tsx', at('../../src/server.ts'), ...numbers], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', 'pipe'],
      cwd: at('../../../..'),
      env: { ...process.env, TSX_TSCONFIG_PATH: at('../../../../tsconfig.base.json') },
    });
    const [control, descriptors] = this.#process.stdio.slice(3) as Duplex[];
    this.#control = control!;
    descriptors!.resume();
    const parser = new FrameParser();
    control!.on('data', (chunk: Buffer) => {
      this.#frames.push(...parser.push(chunk));
      this.#wake();
    });
    control!.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async start(): Promise<Server> {
    const server = new Server();
    await server.ask('hello', { protocol: PROTOCOL_VERSION, version: 'a test' });
    return server;
  }

  /** The answer to a request; what comes before it on other channels stays to be read. */
  async ask(type: string, fields: Record<string, unknown>): Promise<Answer> {
    const id = ++this.#lastId;
    this.#control.write(encodeControl({ id, type, ...fields }));
    return this.#answerTo(id);
  }

  /** The error that belongs to no request, which is the last frame. */
  lastError(): Promise<Answer> {
    return this.#answerTo(null);
  }

  /** A word on a loader's channel. */
  say(channel: number, kind: number, iteration: number, count: number): void {
    const frame = Buffer.alloc(FRAME_HEAD_BYTES + 12);
    for (const [i, number] of [12, channel, kind, iteration, count].entries()) {
      frame.writeUInt32LE(number, 4 * i);
    }
    this.#control.write(frame);
  }

  /** The payload of the next frame on a loader's channel. */
  async next(channel: number): Promise<Buffer> {
    return (await this.#take((frame) => frame.channel === channel)).payload;
  }

  /** How many frames on a loader's channel have come and were not read. */
  waiting(channel: number): number {
    return this.#frames.filter((frame) => frame.channel === channel).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#control.destroy();
    await exit;
  }

  async #answerTo(id: number | null): Promise<Answer> {
    const answers = (frame: Frame) =>
      frame.channel === CONTROL_CHANNEL && (decodeControl(frame.payload) as Answer).id === id;
    return decodeControl((await this.#take(answers)).payload) as Answer;
  }

  async #take(isIt: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const index = this.#frames.findIndex(isIt);
      if (index >= 0) return this.#frames.splice(index, 1)[0]!;
      if (this.#ended) throw new Error('the server has ended the connection');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
