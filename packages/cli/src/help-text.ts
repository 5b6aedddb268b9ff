import type { Command } from 'commander';
import { styled } from './style.js';

const WIDTH_MAX = 100;
const WIDTH_ELSEWHERE = 80;

/** The help of all commands: headings that stand out, prose as wide as the terminal, no `[options]` in lists. */
export function styleHelp(program: Command): Command {
  return program
    .configureHelp({
      styleTitle: (title) => styled(process.stdout, 'title', title),
      subcommandTerm: (command) =>
        `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd(),
    })
    .configureOutput({ writeOut: (text) => void process.stdout.write(laidOut(text)) });
}

/** Neighbouring lines that are not indented are one paragraph; what is indented is a list, and stays. */
function laidOut(text: string): string {
  const width = Math.min(process.stdout.columns ?? WIDTH_ELSEWHERE, WIDTH_MAX);
  const lines: string[] = [];
  let paragraph = '';
  const endParagraph = () => {
    if (paragraph !== '') lines.push(...wrapped(paragraph, width));
    paragraph = '';
  };
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith(' ')) {
      endParagraph();
      lines.push(line);
    } else if (/^(Examples?|Exit codes):$/.test(line)) {
      endParagraph();
      lines.push(styled(process.stdout, 'title', line));
    } else paragraph = paragraph === '' ? line : `${paragraph} ${line}`;
  }
  endParagraph();
  return lines.join('\n');
}

function wrapped(paragraph: string, width: number): string[] {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
