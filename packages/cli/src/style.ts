import { styleText } from 'node:util';

/**
 * Whether a stream is to be coloured: as NO_COLOR and FORCE_COLOR say, as for the help that commander prints, else if a
 * person watches it on a terminal that has colours.
 */
function hasColor(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return false;
  return FORCE_COLOR !== undefined || (stream.isTTY === true && stream.hasColors());
}

/** Kinds of text. None relies on how dark the background is, nor says anything by its colour alone. */
const styles = {
  title: 'bold',
  strong: 'bold',
  good: 'green',
  bad: 'red',
  warning: 'magenta',
} as const;

export type Style = keyof typeof styles;

/** Text for one stream, with the style's escape sequences where the stream is to have them. */
export function styled(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return hasColor(stream) ? styleText(styles[style], text) : text;
}
