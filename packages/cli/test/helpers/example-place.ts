import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';
import { zc, zcPath } from './run-zc.js';
import { arrayFile } from './sample-folder.js';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const ROWS = 200;

/** A step of a user's own. */
const TOKENIZE = `export default ({ text }) => ({ tokens: Uint16Array.from(text, (letter) => letter.codePointAt(0)) });\n`;

/** A directory with everything that the examples of the help name, and a `zc` in `bin`. */
export async function examplePlace(): Promise<string> {
  const place = temporaryDirectory();
  cpSync(fixtures, place, { recursive: true });
  cpSync(join(place, 'photos'), join(place, 'photos-today'), { recursive: true });
  cpSync(arrayFile(10, 20), join(place, 'images.npy'));
  cpSync(arrayFile(4, 784), join(place, 'table.npy'));
  writeFileSync(join(place, 'tokenize.mjs'), TOKENIZE);
  mkdirSync(join(place, 'bin'));
  writeFileSync(join(place, 'bin', 'zc'), `#!/bin/sh\nexec "${process.execPath}" "${zcPath}" "$@"\n`);
  chmodSync(join(place, 'bin', 'zc'), 0o755);
  for (const name of ['train', 'copy', 'more', 'monday', 'tuesday'])
    await writeSounds(join(place, 'data', name));
  await zc('pack', join(place, 'photos-today'), join(place, 'data', 'photos'));
  await writePhotos(join(place, 'photos-of-all'));
  cpSync(join(place, 'photos-of-all', 'shard-000000.zcs'), join(place, 'photos.zcs'));
  return place;
}

/** Recordings with a picture of each. */
async function writeSounds(directory: string): Promise<void> {
  const schema = defineSchema({
    image: field.tensor('uint8', [8, 8, 3]),
    audio: field.tensor('int16', [null]),
    label: field.scalar('int64'),
    name: field.text(),
  });
  await using writer = await DatasetWriter.create(directory, { schema });
  const names = readdirSync(join(fixtures, 'recordings'));
  for (let i = 0; i < ROWS; i++) {
    const name = names[i % names.length]!;
    const wav = readFileSync(join(fixtures, 'recordings', name));
    const audio = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
    await writer.append({ image: new Uint8Array(192).fill(i), audio, label: BigInt(name[0]!), name });
  }
  await writer.finish();
}

async function writePhotos(directory: string): Promise<void> {
  const schema = defineSchema({ image: field.bytes({ mediaType: 'image/jpeg' }) });
  await using writer = await DatasetWriter.create(directory, { schema });
  for (let i = 0; i < 20; i++) await writer.append({ image: new Uint8Array(100).fill(i) });
  await writer.finish();
}
