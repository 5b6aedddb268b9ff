import { once } from 'node:events';
import { type Style, styled } from './style.js';

/**
 * Where a command's words go: data to stdout, talk to stderr.
 *
 * With `--json` stdout carries one JSON document and nothing else.
 */
export class Output {
  readonly json: boolean;
  readonly #progress: boolean;

  constructor(options: { json?: boolean | undefined; progress?: boolean | undefined } = {}) {
    this.json = options.json ?? false;
    this.#progress = this.json && options.progress === true;
  }

  /** Whether a person watches stderr, so that a progress bar makes sense. */
  get interactive(): boolean {
    return process.stderr.isTTY === true && !this.json;
  }

  /** How far the work is, as a line of JSON on stderr for a program that asked for it with `--progress`. */
  progress(progress: object): void {
    if (this.#progress) process.stderr.write(`${JSON.stringify({ progress })}\n`);
  }

  /** One line of data. */
  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Data as it is; resolves when stdout has taken it, so that memory stays bounded. */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  }

  /** The one JSON document of a command that was asked for JSON. 64-bit integers become decimal strings. */
  document(value: unknown): void {
    process.stdout.write(`${toJsonText(value)}\n`);
  }

  /** One of several JSON values, a line each; resolves when stdout has taken it. 64-bit integers become strings. */
  async record(value: unknown): Promise<void> {
    const line = `${JSON.stringify(value, plainIntegers)}\n`;
    if (!process.stdout.write(line)) await once(process.stdout, 'drain');
  }

  /** Text of a style, for `line`. */
  styled(style: Style, text: string): string {
    return styled(process.stdout, style, text);
  }

  /** One line of talk; silent with `--json`. */
  say(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }
}

/** Indented JSON whose arrays of plain values stay on one line. */
function toJsonText(value: unknown): string {
  const indented = JSON.stringify(value, plainIntegers, 2);
  // Line ends stand between values only, for inside of strings they are escaped.
  return indented.replace(/\[\n[^[\]{}]*\n *\]/g, (array) =>
    array
      .replace(/,\n */g, ', ')
      .replace(/\[\n */, '[')
      .replace(/\n *\]/, ']'),
  );
}

function plainIntegers(_key: string, item: unknown): unknown {
  return typeof item === 'bigint' ? item.toString() : item;
}

/**
 * Makes a closed pipe, as in `zc cat … | head`, the quiet end of the process that it is for other commands.
 */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}
