const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of a file; a byte-order mark, an artefact of the file and not of its text, is dropped.
 *
 * @throws TypeError where it is not UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
