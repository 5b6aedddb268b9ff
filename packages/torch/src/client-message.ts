import { protocolError } from './protocol.js';

/** What a client says on a loader's channel (docs/reference/bridge-protocol.md, section 4). */
export const ClientKind = { waiting: 1, stop: 2, close: 3, ids: 4, last: 5 } as const;

/** A message of a client on a loader's channel. */
export type ClientMessage = ClientWord | ClientIds;

export interface ClientWord {
  readonly kind: (typeof ClientKind)['waiting' | 'stop' | 'close' | 'last'];
  readonly iteration: number;
  readonly count: number;
}

/** Numbers of the samples of the next batch, or of part of it. */
export interface ClientIds {
  readonly kind: typeof ClientKind.ids;
  readonly iteration: number;
  /** Whether the next message has more ids of the same batch. */
  readonly more: boolean;
  readonly ids: Float64Array;
}

const HEAD_BYTES = 12;
const ID_BYTES = 8;

/** @throws ZC_TORCH_PROTOCOL */
export function decodeClientMessage(payload: Buffer): ClientMessage {
  if (payload.length < HEAD_BYTES) throw lengthError(payload.length);
  const kind = payload.readUInt32LE(0);
  const iteration = payload.readUInt32LE(4);
  const count = payload.readUInt32LE(8);
  if (kind === ClientKind.ids) {
    if (payload.length % ID_BYTES !== HEAD_BYTES % ID_BYTES) throw lengthError(payload.length);
    return { kind, iteration, more: count !== 0, ids: decodeIds(payload) };
  }
  if (!isWord(kind)) {
    throw protocolError(
      `a message of a client has the unknown kind ${kind}`,
      Object.values(ClientKind),
      kind,
    );
  }
  if (payload.length !== HEAD_BYTES) throw lengthError(payload.length);
  return { kind, iteration, count };
}

/** Each is read as two halves, for a BigInt would cost an allocation. */
function decodeIds(payload: Buffer): Float64Array {
  const ids = new Float64Array((payload.length - HEAD_BYTES) / ID_BYTES);
  for (let i = 0, at = HEAD_BYTES; i < ids.length; i++, at += ID_BYTES) {
    ids[i] = payload.readUInt32LE(at) + payload.readUInt32LE(at + 4) * 2 ** 32;
  }
  return ids;
}

function isWord(kind: number): kind is ClientWord['kind'] {
  return kind >= ClientKind.waiting && kind <= ClientKind.last;
}

function lengthError(bytes: number): Error {
  return protocolError(
    `a message of a client has ${bytes} bytes, expected ${HEAD_BYTES} and ${ID_BYTES} for each id`,
    HEAD_BYTES,
    bytes,
  );
}
