/** An entry as it is wanted; `claims` is a length that its header lies about. */
export interface TarEntrySpec {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** `0` a file, `2` a link, `3` a device, `5` a folder. */
  readonly type?: string;
  readonly linkname?: string;
  readonly claims?: number;
}

/** The bytes of a tar, laid out by hand as POSIX's ustar has it, so that it can be wrong. */
export function tarOf(entries: readonly TarEntrySpec[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [headerOf(entry, entry.claims ?? content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function headerOf({ name, type = '0', linkname = '' }: TarEntrySpec, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkname, 157);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
