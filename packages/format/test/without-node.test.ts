import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'tsup';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';

/** What a browser has beside the language itself. */
const web = { TextEncoder, TextDecoder, Blob, fetch, AbortSignal };

/** The whole package in one script, built as it is published; a Node module imported anywhere would stay a `require`. */
async function bundle(): Promise<string> {
  const outDir = temporaryDirectory();
  await build({
    config: false,
    entry: { index: fileURLToPath(new URL('../src/index.ts', import.meta.url)) },
    outDir,
    format: ['iife'],
    globalName: 'format',
    platform: 'browser',
    target: 'es2022',
    noExternal: [/.*/],
    silent: true,
  });
  return readFileSync(join(outDir, 'index.global.js'), 'utf8');
}

test('@zc/format writes, reads and verifies where there is nothing of Node', async () => {
  const context = createContext({ ...web });
  runInContext(await bundle(), context);
  const result = await runInContext(
    `(async () => {
      if (typeof process !== 'undefined' || typeof Buffer !== 'undefined' || typeof require !== 'undefined') {
        throw new Error('this is Node');
      }
      const { defineSchema, field, ShardReader, ShardWriter, blobSource } = format;
      const schema = defineSchema({ image: field.tensor('uint8', [2, 2]), text: field.text(), id: field.scalar('int64') });
      const chunks = [];
      const writer = await ShardWriter.create({ write: async (chunk) => void chunks.push(chunk.slice()) }, { schema });
      await writer.append({ image: Uint8Array.of(1, 2, 3, 4), text: 'äé', id: 5n });
      const { uuid } = await writer.finish();
      const shard = await ShardReader.open(blobSource(new Blob(chunks)));
      const row = await shard.get(0);
      const { ok } = await shard.verify();
      return JSON.stringify({ ok, same: uuid === shard.uuid, text: row.text, id: String(row.id), image: [...row.image.data] });
    })()`,
    context,
  );
  expect(JSON.parse(result)).toEqual({ ok: true, same: true, text: 'äé', id: '5', image: [1, 2, 3, 4] });
});
