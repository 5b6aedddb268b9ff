import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../testing/temporary-directory.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const python = readFileSync(join(root, '.cache/python'), 'utf8').trim();

/** The fenced blocks of a language, in the order of the page, each under the heading it stands below. */
function blocks(language: string): { heading: string; code: string }[] {
  const found: { heading: string; code: string }[] = [];
  let heading = '';
  const page = readFileSync(join(root, 'README.md'), 'utf8');
  for (const match of page.matchAll(/^#+ (.*)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (match[1] !== undefined) heading = match[1];
    else if (match[2] === language) found.push({ heading, code: match[3]! });
  }
  return found;
}

describe('README.md, run from top to bottom in one folder', () => {
  let folder: string;

  beforeAll(() => {
    folder = temporaryDirectory();
    mkdirSync(join(folder, 'recordings'));
    for (const name of ['0_ann_0.wav', '0_ann_1.wav', '1_ann_0.wav', '1_ann_1.wav']) {
      writeFileSync(join(folder, 'recordings', name), silence(800));
    }
  });

  it.each(blocks('python'))('Python: $heading', ({ code }) => {
    run(python, ['-c', code]);
    expect(existsSync(join(folder, 'data/train/dataset.json'))).toBe(true);
  });

  it.each(blocks('ts'))('TypeScript: $heading', ({ code }) => {
    const file = join(folder, 'block.mts');
    writeFileSync(file, code);
    expect(run('tsx', ['--tsconfig', join(root, 'tsconfig.base.json'), file])).not.toBe('');
  });

  it('the command line', () => {
    const lines = blocks('sh').flatMap(({ code }) =>
      code.split('\n').filter((line) => line.startsWith('npx zc')),
    );
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) run('sh', ['-c', line.replace('npx ', '')]);
    expect(existsSync(join(folder, 'data/spoken/dataset.json'))).toBe(true);
  });

  function run(command: string, args: string[]): string {
    const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
    const env = { ...process.env, PATH: path, PYTHONPATH: join(root, 'packages/torch/python/src') };
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', env });
  }
});

/** A mono 16-bit WAV file of 8 kHz. */
function silence(samples: number): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  const format = [16, 1 | (1 << 16), 8000, 16_000, 2 | (16 << 16)];
  for (const [i, word] of format.entries()) header.writeUInt32LE(word, 16 + 4 * i);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2)]);
}
