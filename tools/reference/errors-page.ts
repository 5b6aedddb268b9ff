import { errorCodes } from '@zc/errors';

/** What the second word of a code stands for, in the order of the page. */
const GROUPS: readonly (readonly [prefix: string, title: string, about: string])[] = [
  [
    'ZC_FORMAT_',
    'Shards and manifests',
    'Bytes that are not a valid shard or dataset, or values that do not fit a schema.',
  ],
  ['ZC_IO_', 'Files and memory', 'What the operating system refused, and how the native core was used.'],
  ['ZC_CONVERT_', 'Converting', 'Sources that cannot be packed as they are.'],
  ['ZC_TORCH_', 'The bridge to Python', 'The server process and what it says to the trainer.'],
  ['ZC_', 'Everywhere', 'Arguments, budgets and state.'],
];

/** The reference page of all error codes, as Markdown. */
export function renderErrorsPage(): string {
  const groups = new Map(GROUPS.map(([prefix]) => [prefix, [] as string[]]));
  for (const [code, { meaning, advice }] of Object.entries(errorCodes)) {
    const [prefix] = GROUPS.find(([start]) => code.startsWith(start))!;
    groups.get(prefix)!.push(`| \`${code}\` | ${cell(meaning)} | ${cell(advice)} |`);
  }
  const sections = GROUPS.map(
    ([prefix, title, about]) =>
      `## ${title}\n\n${about}\n\n| code | meaning | what to do |\n|---|---|---|\n${groups.get(prefix)!.join('\n')}\n`,
  );
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

const INTRODUCTION = `# Errors

Every error of every package, in TypeScript and in Python, is a \`ZcError\` with one of these codes. Its message
says what happened, where (path @ byte offset), what was expected and found, and on a second line what to do;
the same parts are fields of the error: \`code\`, \`path\`, \`offset\`, \`expected\`, \`actual\`, \`advice\`, \`cause\`.

\`\`\`ts
import { isZcError } from '@zc/errors';

try {
  await Dataset.open(path);
} catch (error) {
  if (!isZcError(error, 'ZC_IO_OPEN')) throw error;
}
\`\`\`

This page is made from \`packages/errors/src/codes.ts\` by \`npm run reference\`. The advice is the one that is
given where the place of the error has no better one.
`;

/** A bar would end the cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
