import { readFileSync } from 'node:fs';
import { directSink, fastDigests } from '@zc/convert';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

let settings: Settings;
let held: { rows: Uint8Array; labels: BigInt64Array; sum: bigint } | undefined;

/** Writes the rows as a dataset, as `pack` does; `params.sha256` says whether the manifest tells that of the shards. */
export default {
  async open(given: Settings) {
    settings = given;
    held ??= readRows(given);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { rowBytes } = settings.data;
    const { rows, labels, sum } = held!;
    const schema = defineSchema({ x: field.tensor('uint8', [rowBytes]), label: field.scalar('int64') });
    await using writer = await DatasetWriter.create(settings.output!.path, {
      schema,
      digests: fastDigests(),
      sha256: settings.params.sha256 as boolean,
      openSink: directSink,
    });
    for (let i = 0; i < labels.length; i++) {
      await writer.append({ x: rows.subarray(i * rowBytes, (i + 1) * rowBytes), label: labels[i]! });
    }
    await writer.finish();
    yield { samples: labels.length, bytes: rows.byteLength + labels.byteLength, sum };
  },

  async close() {},
} satisfies NodeContender;

function readRows({ data: { flat, labels } }: Settings) {
  const rows = new Uint8Array(readFileSync(flat!.path).subarray(flat!.offsetBytes));
  const bytes = new Uint8Array(readFileSync(labels.path).subarray(labels.offsetBytes));
  return { rows, labels: new BigInt64Array(bytes.buffer), sum: sum64(rows) + sum64(bytes) };
}
