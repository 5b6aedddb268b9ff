import { ZcError } from '@zc/errors';
import { demandWithin, type Source } from './source.js';

/**
 * A source over a URL that answers Range requests; one request a read.
 *
 * The resource must stay what it was when it was opened: a changed ETag is an error, not mixed bytes.
 *
 * @throws ZC_IO_OPEN where the server does not answer, or not with ranges.
 * @example const shard = await ShardReader.open(await httpSource('https://host/shard-000000.zcs'));
 */
export async function httpSource(url: string | URL, options: { fetch?: typeof fetch } = {}): Promise<Source> {
  const { fetch: send = fetch } = options;
  const name = String(url);
  const first = await request(send, name, 0, 1, 'ZC_IO_OPEN');
  const sizeBytes = Number(/\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1]);
  if (!Number.isSafeInteger(sizeBytes)) {
    throw new ZcError('ZC_IO_OPEN', 'the server does not tell the size of the file', {
      path: name,
      actual: first.headers.get('content-range'),
      advice: 'Serve the file from a server that answers Range requests with Content-Range.',
    });
  }
  const etag = first.headers.get('etag');
  return {
    name,
    sizeBytes,
    async read(offset, length) {
      demandWithin({ name, sizeBytes }, offset, length);
      if (length === 0) return new Uint8Array(0);
      const answer = await request(send, name, offset, length, 'ZC_IO_READ');
      if (answer.headers.get('etag') !== etag) {
        throw new ZcError('ZC_IO_READ', 'the file changed on the server while it was being read', {
          path: name,
          offset,
          expected: etag,
          actual: answer.headers.get('etag'),
          advice: 'Open it again.',
        });
      }
      if (answer.bytes.length === length) return answer.bytes;
      throw new ZcError('ZC_IO_SHORT_READ', `${length} bytes were asked for, ${answer.bytes.length} came`, {
        path: name,
        offset,
        expected: length,
        actual: answer.bytes.length,
      });
    },
  };
}

async function request(
  send: typeof fetch,
  url: string,
  offset: number,
  length: number,
  code: 'ZC_IO_OPEN' | 'ZC_IO_READ',
): Promise<{ bytes: Uint8Array; headers: Headers }> {
  let status: number;
  try {
    const answer = await send(url, { headers: { range: `bytes=${offset}-${offset + length - 1}` } });
    if (answer.status === 206) {
      return { bytes: new Uint8Array(await answer.arrayBuffer()), headers: answer.headers };
    }
    // The whole file may be on its way: it is not wanted.
    await answer.body?.cancel();
    status = answer.status;
  } catch (cause) {
    throw new ZcError(code, 'the server did not answer', { path: url, offset, cause });
  }
  const summary =
    status === 200 ? 'the server ignores Range requests' : `the server answered with status ${status}`;
  throw new ZcError(code, summary, { path: url, offset, expected: 206, actual: status });
}
