import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { blobSource, httpSource, ShardReader } from '../src/index.js';
import { fileSource } from '../src/node/index.js';

const path = new URL('golden/audio.zcs', import.meta.url);
const bytes = new Uint8Array(readFileSync(path));

let server: Server;
let origin: string;
let etag = '"1"';

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/whole') response.writeHead(200).end(bytes);
    else {
      const part = bytes.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { etag, 'content-range': `bytes ${from}-${to}/${bytes.length}` }).end(part);
    }
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test.each([
  ['bytes', async () => blobSource(bytes)],
  ['a buffer', async () => blobSource(bytes.slice().buffer)],
  ['a Blob', async () => blobSource(new Blob([bytes]))],
  ['a server', async () => httpSource(`${origin}/audio.zcs`)],
  ['a file', async () => fileSource(path.pathname)],
])('a shard is read and verified from %s', async (_, open) => {
  const source = await open();
  expect(source.sizeBytes).toBe(bytes.length);
  const shard = await ShardReader.open(source);
  expect((await shard.get(3)).speaker).toBe('\ufeff\u{1f600}');
  expect((await shard.verify()).ok).toBe(true);
  await expect(source.read(bytes.length - 1, 2)).rejects.toMatchObject({ code: 'ZC_IO_SHORT_READ' });
});

describe('a server', () => {
  test.each([
    ['that has no such file', '/missing', /status 404/],
    ['that knows no ranges', '/whole', /ignores Range/],
  ])('%s is refused', async (_, url, message) => {
    await expect(httpSource(origin + url)).rejects.toMatchObject({
      code: 'ZC_IO_OPEN',
      message: expect.stringMatching(message),
    });
  });

  test('that is not there is refused', async () => {
    await expect(httpSource('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'ZC_IO_OPEN' });
  });

  test('whose file changes is refused', async () => {
    const source = await httpSource(`${origin}/audio.zcs`);
    etag = '"2"';
    await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'ZC_IO_READ', offset: 0 });
  });
});

test('a file that is not there, or is none, is refused', async () => {
  const directory = temporaryDirectory();
  await expect(fileSource(join(directory, 'x.zcs'))).rejects.toMatchObject({
    code: 'ZC_IO_OPEN',
    message: expect.stringContaining('it does not exist (ENOENT)'),
  });
  await expect(fileSource(directory)).rejects.toMatchObject({ code: 'ZC_IO_OPEN' });
});
