import { createHash } from 'node:crypto';
import { crc32c } from '../crc32c.js';
import type { Digests } from '../digests.js';

/** Node's own SHA-256, which uses the processor's instructions, and the pure CRC32C. */
export const nodeDigests: Digests = { crc32c, sha256: () => createHash('sha256') };
