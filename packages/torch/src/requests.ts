import * as z from 'zod';
import { protocolError } from './protocol.js';

const count = z.int().min(0);
const loader = z.int().min(1).max(0xffff_ffff);

const windows = z.strictObject({
  field: z.string(),
  length: z.int().min(1),
  stride: z.int().min(1).optional(),
  padding: z.int().optional(),
  documents: z.enum(['offsets', 'ids']).optional(),
  cross_documents: z.boolean().optional(),
});

const pad = z.strictObject({
  value: z.number().optional(),
  length: z.int().min(1).optional(),
  multiple_of: z.int().min(1).optional(),
  side: z.enum(['left', 'right']).optional(),
});

const loaderOptions = z.strictObject({
  batch_size: z.int().min(1),
  shuffle: z.union([z.boolean(), z.strictObject({ blocks: z.int().min(1), window: z.int().min(1) })]),
  seed: count,
  drop_last: z.boolean(),
  fields: z.array(z.string()).optional(),
  windows: windows.optional(),
  pad: z.record(z.string(), z.union([z.literal(true), pad])).optional(),
  prefetch_batches: count.optional(),
  max_memory_bytes: z.int().min(1).optional(),
  page_cache_budget: count.optional(),
  mode: z.enum(['auto', 'direct', 'copied']).optional(),
  verify: z.enum(['auto', 'always', 'never']).optional(),
  on_corrupt: z.enum(['throw', 'skip']).optional(),
});

/** What only the client knows of a loader. */
const consumer = z.object({
  loader,
  waited_ms: z.number().min(0),
  step_ms: z.number().min(0),
  stalls: count,
  ready_batches: count,
  /** What it gathered itself since its loader was made; the server has only named the samples of these. */
  gathered: z.object({ batches: count, samples: count, bytes: count, copy_ms: z.number().min(0) }).optional(),
});
export type ConsumerCounts = z.infer<typeof consumer>;

const request = z.discriminatedUnion('type', [
  z.object({ id: count, type: z.literal('hello'), protocol: z.int(), version: z.string() }),
  z.object({
    id: count,
    type: z.literal('open'),
    loader,
    paths: z.array(z.string()).min(1),
    options: loaderOptions,
  }),
  z.object({
    id: count,
    type: z.literal('iterate'),
    loader,
    iteration: z.int().min(1).max(0xffff_ffff),
    epoch: count,
    position: count,
    rank: count,
    world_size: z.int().min(1),
    ahead: z.int().min(0),
    /** Where the client sends the ids: samples that a batch is expected to have. */
    sampled: z.int().min(1).optional(),
    /** Whether the ids of the batches are all that is wanted: the client gathers their rows itself. */
    listed: z.boolean().optional(),
  }),
  z.object({ id: count, type: z.literal('prefetch'), loader, shards: z.array(count) }),
  z.object({ id: count, type: z.literal('wait_prefetch'), loader }),
  z.object({ id: count, type: z.literal('stats'), consumer: consumer.optional() }),
  z.object({ id: count, type: z.literal('bye') }),
]);

/** What a client asks for on the control channel (docs/reference/bridge-protocol.md, section 3). */
export type Request = z.infer<typeof request>;
export type RequestOf<Type extends Request['type']> = Extract<Request, { type: Type }>;
export type LoaderOptions = z.infer<typeof loaderOptions>;

/** @throws ZC_TORCH_PROTOCOL where the message is none of the requests */
export function parseRequest(message: unknown): Request {
  const parsed = request.safeParse(message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'the request';
  throw protocolError(`${place} is not what the protocol says: ${issue?.message}`);
}
