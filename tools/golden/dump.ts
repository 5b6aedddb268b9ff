const BYTES_PER_LINE = 16;

/** A hex dump: offset, 16 bytes, and as text; lines of zeros after the first of a run are one `*`. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    const line = bytes.subarray(at, at + BYTES_PER_LINE);
    const before = bytes.subarray(Math.max(at - BYTES_PER_LINE, 0), at);
    if (isZero(line) && at > 0 && isZero(before)) {
      if (lines.at(-1) !== '*') lines.push('*');
    } else {
      lines.push(lineOf(line, at));
    }
  }
  return lines.join('\n');
}

function lineOf(line: Uint8Array, at: number): string {
  const hex = Array.from(line, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = Array.from(line, (byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
  return `${at.toString(16).padStart(6, '0')}  ${hex.padEnd(BYTES_PER_LINE * 3 - 1)}  ${text.join('')}`;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
