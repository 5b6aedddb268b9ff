import { ZcError } from '@zc/errors';
import { type Watch, watchDescriptor, watchProcess } from '@zc/io';
import { version } from '../package.json';
import { ClientKind, type ClientMessage } from './client-message.js';
import { asReport, Connection } from './connection.js';
import { LoaderSession } from './loader-session.js';
import { PROTOCOL_VERSION, protocolError } from './protocol.js';
import { parseRequest, type Request, type RequestOf } from './requests.js';

/** So many failures of a prefetch are told: whoever has more has a reason that they share. */
const FAILURES_TOLD_MAX = 100;

export interface BridgeOptions {
  /** SOCK_STREAM: frames. */
  control: number;
  /** SOCK_SEQPACKET: descriptors to the client. */
  descriptors: number;
  /** The eventfd that the client writes when it ends a lease. */
  released: number;
  /** The client's process. */
  parent: number;
  /** Called once, when the client is gone or its connection has ended. */
  onEnd: () => void;
}

/**
 * The hand-over of batches to one client: its requests, its loaders and what it holds of them.
 *
 * @throws ZC_ARGUMENT where a descriptor is not what it is said to be, or the client has ended already
 */
export class Bridge {
  readonly #connection: Connection;
  readonly #watches: readonly Watch[];
  readonly #loaders = new Map<number, LoaderSession>();
  /** Loaders that the client has closed while they were being opened leave this set. */
  readonly #opening = new Set<number>();
  readonly #onEnd: () => void;
  /** Every number that was ever a loader's. Threads of the client may use theirs in any order. */
  readonly #numbers = new Set<number>();
  #lastSegment = 0;
  #batches = 0;
  #greeted = false;
  #ended = false;

  constructor({ control, descriptors, released, parent, onEnd }: BridgeOptions) {
    this.#onEnd = onEnd;
    // The stream's end alone would not tell: a process forked from the client may hold its end open.
    this.#watches = [
      watchProcess(parent, () => this.#end()),
      watchDescriptor(released, () => this.#collect()),
    ];
    this.#connection = new Connection(
      { control, descriptors },
      {
        onControl: (message) => this.#hear(parseRequest(message)),
        onClientMessage: (channel, message) => this.#onClientMessage(channel, message),
        onEnd: () => this.#end(),
      },
    );
  }

  /** Ends all loaders; resolves when nothing is being read any more. */
  async close(): Promise<void> {
    const loaders = [...this.#loaders.values()];
    this.#loaders.clear();
    await Promise.all(loaders.map((loader) => loader.close()));
  }

  #hear(request: Request): void {
    if (!this.#greeted && request.type !== 'hello') {
      throw protocolError(`the first request is ${request.type}`, 'hello', request.type);
    }
    this.#answer(request).then(
      (ok) => this.#connection.answer(request.id, { ok }),
      (error) => this.#connection.answer(request.id, { error }),
    );
  }

  async #answer(request: Request): Promise<Record<string, unknown>> {
    switch (request.type) {
      case 'hello':
        return this.#greet(request);
      case 'open':
        return this.#open(request);
      case 'iterate':
        await this.#loader(request.loader).iterate(request);
        return {};
      case 'prefetch':
        this.#loader(request.loader).prefetch(request.shards);
        return {};
      case 'wait_prefetch': {
        const { bytes, failures } = await this.#loader(request.loader).waitPrefetch();
        return { bytes, failures: failures.slice(0, FAILURES_TOLD_MAX).map(asReport) };
      }
      case 'stats':
        return this.#stats(request);
      case 'bye':
        setImmediate(() => this.#connection.end());
        return {};
    }
  }

  #greet({ protocol }: RequestOf<'hello'>): Record<string, unknown> {
    if (protocol !== PROTOCOL_VERSION) {
      setImmediate(() => this.#connection.end());
      throw protocolError(`the client speaks protocol ${protocol}`, PROTOCOL_VERSION, protocol);
    }
    this.#greeted = true;
    return { protocol: PROTOCOL_VERSION, version, node: process.version };
  }

  async #open({ loader, paths, options }: RequestOf<'open'>): Promise<Record<string, unknown>> {
    if (this.#numbers.has(loader)) throw protocolError(`loader ${loader} is not a new one`);
    this.#numbers.add(loader);
    this.#opening.add(loader);
    const session = await LoaderSession.open(loader, paths, options, {
      connection: this.#connection,
      nextSegment: () => ++this.#lastSegment,
      onBatch: () => this.#batches++,
    }).catch((error) => {
      this.#opening.delete(loader);
      throw error;
    });
    if (!this.#opening.delete(loader) || this.#ended) {
      await session.close();
      throw closedError(loader);
    }
    this.#loaders.set(loader, session);
    return session.describe();
  }

  #onClientMessage(channel: number, message: ClientMessage): void {
    const loader = this.#loaders.get(channel);
    if (loader === undefined) {
      if (!this.#numbers.has(channel)) throw protocolError(`there is no loader ${channel}`);
      if (message.kind === ClientKind.close) this.#opening.delete(channel);
      return;
    }
    if (message.kind !== ClientKind.close) {
      loader.onMessage(message);
      return;
    }
    this.#loaders.delete(channel);
    loader.close().catch((error) => console.error(error));
  }

  #loader(number: number): LoaderSession {
    const loader = this.#loaders.get(number);
    if (loader !== undefined) return loader;
    throw closedError(number);
  }

  #collect(): void {
    for (const loader of this.#loaders.values()) loader.collect();
  }

  #stats({ consumer }: RequestOf<'stats'>): Record<string, unknown> {
    return {
      ...(consumer && { loader: this.#loader(consumer.loader).stats(consumer) }),
      received_bytes: this.#connection.receivedBytes,
      sent_bytes: this.#connection.sentBytes,
      batches: this.#batches,
      held_batches: [...this.#loaders.values()].reduce((sum, { held }) => sum + held, 0),
      loaders: this.#loaders.size,
    };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const watch of this.#watches) watch.close();
    this.#onEnd();
  }
}

function closedError(loader: number): ZcError {
  return new ZcError('ZC_CLOSED', `loader ${loader} is closed`);
}
