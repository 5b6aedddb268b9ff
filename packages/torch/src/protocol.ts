import { ZcError } from '@zc/errors';

/** The version of the protocol that this server speaks (docs/reference/bridge-protocol.md). */
export const PROTOCOL_VERSION = 3;
/** Bytes of a frame's head: length and channel. */
export const FRAME_HEAD_BYTES = 8;
/** The longest payload of a frame. Samples never travel, so real ones are far below. */
export const PAYLOAD_BYTES_MAX = 2 ** 20;
/** The channel of requests, answers and notices, in JSON. */
export const CONTROL_CHANNEL = 0;

/** What the server says on a loader's channel; what a client says there is in client-message.ts. */
export const ServerKind = { batch: 1, end: 2, failure: 3, wanted: 4, ids: 5 } as const;
/** How a batch came to its slot, as numbered in its message. */
export const WAY_NUMBERS = { direct: 0, copied: 1, mixed: 2 } as const;

const BATCH_HEAD_BYTES = 56;
const BATCH_FIELD_BYTES = 24;
const IDS_HEAD_BYTES = 12;
const ID_BYTES = 8;

export interface Frame {
  readonly channel: number;
  readonly payload: Buffer;
}

/** Where the parts of one field lie in a slot. */
export interface FieldPlace {
  readonly offset: number;
  readonly length: number;
  /** Where the tables of a field of variable rows begin; 0 for a fixed field. */
  readonly tables: number;
}

/** What a client must know of a batch; its bytes lie in the slot. */
export interface BatchMessage {
  readonly iteration: number;
  readonly segment: number;
  readonly slot: number;
  readonly generation: number;
  readonly samples: number;
  readonly way: keyof typeof WAY_NUMBERS;
  readonly number: number;
  readonly bytesUsed: number;
  /** Where the samples' numbers lie in the slot. */
  readonly indices: number;
  readonly fields: readonly FieldPlace[];
}

/** Cuts a stream of bytes into frames. */
export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The frames that end in `chunk`; what begins in it is kept for the next call. Payloads are views.
   *
   * @throws ZC_TORCH_PROTOCOL where a head announces more than a frame may hold
   */
  push(chunk: Buffer): Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > PAYLOAD_BYTES_MAX) {
        throw protocolError(
          `a frame announces ${length} bytes, at most ${PAYLOAD_BYTES_MAX} are allowed`,
          PAYLOAD_BYTES_MAX,
          length,
        );
      }
      const end = at + FRAME_HEAD_BYTES + length;
      if (end > bytes.length) break;
      frames.push({
        channel: bytes.readUInt32LE(at + 4),
        payload: bytes.subarray(at + FRAME_HEAD_BYTES, end),
      });
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }
}

/** A frame of the control channel. */
export function encodeControl(message: unknown): Buffer {
  return encodeJson(CONTROL_CHANNEL, Buffer.alloc(0), message);
}

/** The JSON of a control frame. */
export function decodeControl(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw protocolError(`a control frame is not JSON: ${(error as Error).message}`);
  }
}

export function encodeBatch(channel: number, message: BatchMessage): Buffer {
  const { fields } = message;
  const payloadBytes = BATCH_HEAD_BYTES + fields.length * BATCH_FIELD_BYTES;
  const frame = frameOf(channel, payloadBytes);
  let at = FRAME_HEAD_BYTES;
  for (const number of [
    ServerKind.batch,
    message.iteration,
    message.segment,
    message.slot,
    message.generation,
    message.samples,
    WAY_NUMBERS[message.way],
    fields.length,
  ]) {
    at = frame.writeUInt32LE(number, at);
  }
  at = writeU64(frame, message.number, at);
  at = writeU64(frame, message.bytesUsed, at);
  at = writeU64(frame, message.indices, at);
  for (const { offset, length, tables } of fields) {
    at = writeU64(frame, offset, at);
    at = writeU64(frame, length, at);
    at = writeU64(frame, tables, at);
  }
  return frame;
}

export function encodeEnd(channel: number, iteration: number): Buffer {
  const frame = frameOf(channel, 8);
  frame.writeUInt32LE(ServerKind.end, 8);
  frame.writeUInt32LE(iteration, 12);
  return frame;
}

/** @param batches for how many batches beyond those it has taken the client should have sent the ids */
export function encodeWanted(channel: number, iteration: number, batches: number): Buffer {
  const frame = frameOf(channel, 12);
  frame.writeUInt32LE(ServerKind.wanted, 8);
  frame.writeUInt32LE(iteration, 12);
  frame.writeUInt32LE(batches, 16);
  return frame;
}

/** @param batches the samples' numbers of the batch `firstBatch`, and of those that follow it */
export function encodeIds(
  channel: number,
  iteration: number,
  firstBatch: number,
  batches: readonly Float64Array[],
): Buffer {
  const count = batches.reduce((sum, { length }) => sum + length, 0);
  const frame = frameOf(channel, IDS_HEAD_BYTES + count * ID_BYTES);
  let at = FRAME_HEAD_BYTES;
  for (const number of [ServerKind.ids, iteration, firstBatch]) at = frame.writeUInt32LE(number, at);
  for (const ids of batches) for (const id of ids) at = writeU64(frame, id, at);
  return frame;
}

/** @param error what `ZcError.toJSON` gives */
export function encodeFailure(channel: number, iteration: number, error: unknown): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(ServerKind.failure, 0);
  head.writeUInt32LE(iteration, 4);
  return encodeJson(channel, head, error);
}

export function protocolError(summary: string, expected?: unknown, actual?: unknown): ZcError {
  return new ZcError('ZC_TORCH_PROTOCOL', summary, { expected, actual });
}

function encodeJson(channel: number, head: Buffer, message: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(message), 'utf8');
  const frame = frameOf(channel, head.length + text.length);
  head.copy(frame, FRAME_HEAD_BYTES);
  text.copy(frame, FRAME_HEAD_BYTES + head.length);
  return frame;
}

function frameOf(channel: number, payloadBytes: number): Buffer {
  if (payloadBytes > PAYLOAD_BYTES_MAX) {
    throw protocolError(
      `a message of ${payloadBytes} bytes does not fit a frame of at most ${PAYLOAD_BYTES_MAX}`,
      PAYLOAD_BYTES_MAX,
      payloadBytes,
    );
  }
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payloadBytes);
  frame.writeUInt32LE(payloadBytes, 0);
  frame.writeUInt32LE(channel, 4);
  return frame;
}

/** Offsets and counts are safe integers; written as two halves, for BigInt would cost an allocation each. */
function writeU64(frame: Buffer, value: number, at: number): number {
  frame.writeUInt32LE(value % 2 ** 32, at);
  return frame.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
