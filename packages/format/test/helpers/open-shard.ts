import { isZcError } from '@zc/errors';
import { blobSource, ShardReader } from '../../src/index.js';
import { nodeDigests } from '../../src/node/node-digests.js';

export function openShard(bytes: Uint8Array): Promise<ShardReader> {
  return ShardReader.open(blobSource(bytes, 'test.zcs'), { digests: nodeDigests });
}

/** The code that opening and verifying bytes ends with; `undefined` where they are found right. */
export async function findingIn(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const shard = await openShard(bytes);
    const { ok, damage } = await shard.verify();
    return ok ? undefined : damage[0]!.code;
  } catch (error) {
    if (isZcError(error)) return error.code;
    throw error;
  }
}
