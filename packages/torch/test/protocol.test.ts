import { readFileSync } from 'node:fs';
import { isZcError } from '@zc/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeClientMessage } from '../src/client-message.js';
import {
  decodeControl,
  encodeBatch,
  encodeControl,
  encodeEnd,
  encodeFailure,
  encodeIds,
  encodeWanted,
  FrameParser,
  PAYLOAD_BYTES_MAX,
} from '../src/protocol.js';
import { parseRequest } from '../src/requests.js';

const golden = JSON.parse(readFileSync(new URL('golden/frames.json', import.meta.url), 'utf8'));
const named = (name: string) =>
  [...golden.from_client, ...golden.from_server].find((frame) => frame.name === name);
const bytesOf = (name: string) => Buffer.from(named(name).hex, 'hex');

/** The code of what a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isZcError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

describe('the golden frames', () => {
  it.each<string>(golden.from_client.map((frame: { name: string }) => frame.name))('%s is read', (name) => {
    const { hex, name: _, channel = 0, control, ids, ...words } = named(name);
    const message = ids === undefined ? words : { ...words, ids: Float64Array.from(ids) };
    const [frame, ...rest] = new FrameParser().push(Buffer.from(hex, 'hex'));
    expect(rest).toEqual([]);
    expect(frame!.channel).toBe(channel);
    if (control) expect(decodeControl(frame!.payload)).toEqual(control);
    else expect(decodeClientMessage(frame!.payload)).toEqual(message);
  });

  it('are written', () => {
    const { channel, batch } = named('batch');
    const { bytes_used: bytesUsed, ...rest } = batch;
    expect(encodeBatch(channel, { ...rest, bytesUsed })).toEqual(bytesOf('batch'));
    expect(encodeControl(named('answer').control)).toEqual(bytesOf('answer'));
    expect(encodeEnd(named('end').channel, named('end').iteration)).toEqual(bytesOf('end'));
    const wanted = named('wanted');
    expect(encodeWanted(wanted.channel, wanted.iteration, wanted.batches)).toEqual(bytesOf('wanted'));
    const listed = named('ids of listed batches');
    const batches = listed.batches.map((ids: number[]) => Float64Array.from(ids));
    expect(encodeIds(listed.channel, listed.iteration, listed.first_batch, batches)).toEqual(
      bytesOf('ids of listed batches'),
    );
    const { channel: loader, iteration, error } = named('failure');
    expect(encodeFailure(loader, iteration, error)).toEqual(bytesOf('failure'));
  });

  it('of a batch with two fields has about a hundred bytes', () => {
    expect(bytesOf('batch').length).toBe(112);
  });
});

it('frames come whole however the stream is cut', () => {
  const names = golden.from_client.map((frame: { name: string }) => frame.name);
  const stream = Buffer.concat(names.map(bytesOf));
  const whole = new FrameParser().push(stream);
  expect(whole).toHaveLength(names.length);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const parser = new FrameParser();
      const borders = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const frames = borders.slice(1).flatMap((end, i) => parser.push(stream.subarray(borders[i], end)));
      expect(frames).toEqual(whole);
    }),
  );
});

describe('what no client says', () => {
  it('a frame that is too long is refused before it has come', () => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(PAYLOAD_BYTES_MAX + 1);
    expect(codeOf(() => new FrameParser().push(head))).toBe('ZC_TORCH_PROTOCOL');
  });

  it.each(['{', '\xff', ''])('%j for JSON', (text) => {
    expect(codeOf(() => decodeControl(Buffer.from(text, 'latin1')))).toBe('ZC_TORCH_PROTOCOL');
  });

  it.each([{}, [], null, { id: 1, type: 'format' }, { id: 1, type: 'open', loader: 0, paths: ['a'] }])(
    '%j for a request',
    (message) => {
      expect(codeOf(() => parseRequest(message))).toBe('ZC_TORCH_PROTOCOL');
    },
  );

  it('a message of another length or kind', () => {
    expect(codeOf(() => decodeClientMessage(Buffer.alloc(11)))).toBe('ZC_TORCH_PROTOCOL');
    expect(codeOf(() => decodeClientMessage(Buffer.alloc(12)))).toBe('ZC_TORCH_PROTOCOL');
    const ids = new FrameParser().push(bytesOf('ids'))[0]!.payload;
    for (const length of [12 + 7, 12 + 9]) {
      expect(codeOf(() => decodeClientMessage(ids.subarray(0, length)))).toBe('ZC_TORCH_PROTOCOL');
    }
    const word = new FrameParser().push(bytesOf('last'))[0]!.payload;
    expect(codeOf(() => decodeClientMessage(Buffer.concat([word, Buffer.alloc(8)])))).toBe(
      'ZC_TORCH_PROTOCOL',
    );
  });

  it('any bytes at all end in frames or in the typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const code = codeOf(() => new FrameParser().push(Buffer.from(bytes)));
        expect(['no error', 'ZC_TORCH_PROTOCOL']).toContain(code);
      }),
    );
  });
});
