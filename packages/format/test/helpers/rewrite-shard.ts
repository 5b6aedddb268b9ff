import { crc32c } from '../../src/crc32c.js';
import { type Digests, encodeTail, parseTail, TAIL_BYTES } from '../../src/index.js';

// biome-ignore lint/suspicious/noExplicitAny: whoever rewrites a footer writes anything.
export type Json = any;

/** Changes the footer of a shard as an attacker would: all checksums are right again afterwards. */
export function withFooter(bytes: Uint8Array, change: (footer: Json) => unknown): Uint8Array {
  const tail = parseTail(bytes.subarray(-TAIL_BYTES), bytes.length, 'test.zcs');
  const json = JSON.parse(
    new TextDecoder().decode(bytes.subarray(tail.footerOffset, tail.footerOffset + tail.footerBytes)),
  );
  const text = JSON.stringify(change(json) ?? json);
  return withFooterText(bytes, text);
}

/** Puts any text in the footer's place. */
export function withFooterText(bytes: Uint8Array, text: string): Uint8Array {
  const tail = parseTail(bytes.subarray(-TAIL_BYTES), bytes.length, 'test.zcs');
  const footer = new TextEncoder().encode(text);
  const fileBytes = tail.footerOffset + footer.length + TAIL_BYTES;
  const out = new Uint8Array(fileBytes);
  out.set(bytes.subarray(0, tail.footerOffset));
  out.set(footer, tail.footerOffset);
  const changed = { ...tail, footerBytes: footer.length, fileBytes, footerCrc: crc32c(footer) };
  out.set(encodeTail(changed), fileBytes - TAIL_BYTES);
  return out;
}

/** Changes the tail; its own checksum is right again afterwards. */
export function withTail(bytes: Uint8Array, change: object): Uint8Array {
  const tail = parseTail(bytes.subarray(-TAIL_BYTES), bytes.length, 'test.zcs');
  const out = bytes.slice();
  out.set(encodeTail({ ...tail, ...change }), bytes.length - TAIL_BYTES);
  return out;
}

/** Changes bytes of a table block; its checksum is right again afterwards. */
export function withTableBlock(
  bytes: Uint8Array,
  offset: number,
  change: (view: DataView) => void,
  digests: Pick<Digests, 'crc32c'> = { crc32c },
): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer, offset, 4096);
  change(view);
  view.setUint32(4092, digests.crc32c(out.subarray(offset, offset + 4092)), true);
  return out;
}
