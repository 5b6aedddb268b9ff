import { Socket } from 'node:net';
import { errorCodes, isZcError, ZcError } from '@zc/errors';
import { sendDescriptors } from '@zc/io';
import { type ClientMessage, decodeClientMessage } from './client-message.js';
import { CONTROL_CHANNEL, decodeControl, encodeControl, type Frame, FrameParser } from './protocol.js';

/** What may lie in wait for a client that does not read. An honest one leaves a few hundred bytes. */
const UNREAD_BYTES_MAX = 8 * 2 ** 20;

/** The numbers of the descriptors that the server inherits. */
export interface ConnectionDescriptors {
  /** SOCK_STREAM: frames. */
  readonly control: number;
  /** SOCK_SEQPACKET: descriptors to the client. */
  readonly descriptors: number;
}

/** Who deals with what a client says. */
export interface ConnectionHandler {
  onControl(message: unknown): void;
  onClientMessage(channel: number, message: ClientMessage): void;
  /** The client is gone, or has said what no client says; nothing comes after it. */
  onEnd(): void;
}

/**
 * The frames to and from the one client.
 *
 * A message that breaks the protocol is reported to the client, and ends the connection.
 */
export class Connection {
  sentBytes = 0;
  receivedBytes = 0;
  readonly #socket: Socket;
  readonly #descriptors: number;
  readonly #parser = new FrameParser();
  readonly #handler: ConnectionHandler;
  #over = false;

  constructor({ control, descriptors }: ConnectionDescriptors, handler: ConnectionHandler) {
    this.#descriptors = descriptors;
    this.#handler = handler;
    this.#socket = new Socket({ fd: control, readable: true, writable: true });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('close', () => handler.onEnd());
    // A client that was killed leaves a broken pipe behind; `close` follows.
    this.#socket.on('error', () => this.#socket.destroy());
  }

  /** Sends one whole frame. A client that has stopped reading loses the connection. */
  send(frame: Buffer): void {
    if (this.#over) return;
    this.sentBytes += frame.length;
    this.#socket.write(frame);
    if (this.#socket.writableLength > UNREAD_BYTES_MAX) this.#socket.destroy();
  }

  sendControl(message: unknown): void {
    this.send(encodeControl(message));
  }

  /** Answers a request; with an error, where the answer does not fit a frame. */
  answer(id: number, outcome: { ok: Record<string, unknown> } | { error: unknown }): void {
    try {
      this.sendControl('ok' in outcome ? { id, ...outcome } : { id, error: asReport(outcome.error) });
    } catch (error) {
      this.sendControl({ id, error: asReport(error) });
    }
  }

  /** Sends a memfd; the client finds it by `name`. It is there before any frame that is sent afterwards. */
  sendDescriptor(name: number, fd: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(name);
    sendDescriptors(this.#descriptors, payload, [fd]);
  }

  /** Reports an error that belongs to no request, and ends the connection. */
  fail(error: unknown): void {
    this.sendControl({ id: null, error: asReport(error) });
    this.end();
  }

  /** Ends the connection once all that was sent is on its way; nothing more is heard. */
  end(): void {
    this.#over = true;
    this.#socket.end(() => this.#socket.destroy());
  }

  #receive(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    if (this.#over) return;
    try {
      for (const frame of this.#parser.push(chunk)) this.#dispatch(frame);
    } catch (error) {
      this.fail(error);
    }
  }

  #dispatch({ channel, payload }: Frame): void {
    if (channel === CONTROL_CHANNEL) this.#handler.onControl(decodeControl(payload));
    else this.#handler.onClientMessage(channel, decodeClientMessage(payload));
  }
}

/**
 * What the client is told of an error; one that is not ours is a mistake of ours.
 *
 * An advice that is the code's own is left out: the client has one in the words of its language.
 */
export function asReport(error: unknown): Record<string, unknown> {
  if (!isZcError(error)) {
    const { message, stack } = error as Error;
    return asReport(new ZcError('ZC_INTERNAL', `the server failed: ${message}`, { stack }));
  }
  const { advice, ...report } = error.toJSON();
  return advice === errorCodes[error.code]?.advice ? report : { ...report, advice };
}
