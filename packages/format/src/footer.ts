import { ZcError } from '@zc/errors';
import * as z from 'zod';
import { BLOCK_BYTES, hex32 } from './block.js';
import { crc32c } from './crc32c.js';
import { FORMAT_VERSION, HEAD_BYTES, type Head } from './head.js';
import { canonicalJson, parseJson } from './json.js';
import { type FieldLayout, type FieldPlan, type Part, planFields, tableLengths } from './layout.js';
import { refuseAbove } from './limits.js';
import type { Schema } from './schema.js';
import { firstIssue, parseSchema, schemaToJson } from './schema-resolve.js';
import type { Tail } from './tail.js';
import { decodeUtf8, encodeUtf8 } from './text.js';

/** What the footer of a shard says (specification, section 5). */
export interface Footer {
  readonly samples: number;
  readonly schema: Schema;
  /** In schema order. */
  readonly layout: readonly FieldLayout[];
}

const size = z.int().min(0);
const part = z.tuple([size, size]);
const footerJson = z.object({
  format: z.literal('zc-shard'),
  version: z.tuple([size, size]),
  samples: size,
  schema: z.unknown().optional(),
  layout: z.array(z.unknown()),
});
const entryJson = z.object({
  region: part,
  ends: part.optional(),
  dims: part.optional(),
  checksums: part.optional(),
});

/** The bytes of a footer: the same ones for the same content (canonical JSON; specification, section 5). */
export function encodeFooter({ samples, schema, layout }: Footer): Uint8Array {
  const pair = (part: Part | undefined) => part && [part.offset, part.length];
  return encodeUtf8(
    canonicalJson({
      format: 'zc-shard',
      version: FORMAT_VERSION,
      samples,
      schema: schemaToJson(schema),
      layout: layout.map(({ region, ends, dims, checksums }) => ({
        region: pair(region),
        ends: pair(ends),
        dims: pair(dims),
        checksums: pair(checksums),
      })),
    }),
  );
}

/**
 * Reads the footer's JSON and checks every rule of section 5, so that what it returns can be used.
 *
 * With the head given, the versions of both are compared.
 *
 * @throws ZC_FORMAT_CHECKSUM, ZC_FORMAT_FOOTER, ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT, ZC_FORMAT_TABLE
 */
export function parseFooter(bytes: Uint8Array, tail: Tail, name: string, head?: Head): Footer {
  const place = { path: name, offset: tail.footerOffset };
  if (bytes.length !== tail.footerBytes) {
    throw new ZcError(
      'ZC_FORMAT_FOOTER',
      `the footer has ${bytes.length} bytes, expected ${tail.footerBytes}`,
      {
        ...place,
        expected: tail.footerBytes,
        actual: bytes.length,
      },
    );
  }
  const crc = crc32c(bytes);
  if (crc !== tail.footerCrc) {
    throw new ZcError(
      'ZC_FORMAT_CHECKSUM',
      `the footer has CRC32C ${hex32(crc)}, expected ${hex32(tail.footerCrc)}`,
      { ...place, expected: tail.footerCrc, actual: crc },
    );
  }
  const parsed = footerJson.safeParse(jsonOf(bytes, place));
  if (!parsed.success) throw new ZcError('ZC_FORMAT_FOOTER', firstIssue(parsed.error), place);
  const { version, samples, layout: parts } = parsed.data;
  checkVersion(version, head, place);
  refuseAbove('SAMPLES_PER_SHARD_MAX', samples, 'the number of samples', { ...place });
  const schema = schemaOf(parsed.data.schema, name);
  if (parts.length !== schema.fields.length) {
    throw new ZcError(
      'ZC_FORMAT_FOOTER',
      `the layout has ${parts.length} entries for ${schema.fields.length} fields`,
      { ...place, expected: schema.fields.length, actual: parts.length },
    );
  }
  const entries = parts.map((entry, i) => entryOf(entry, i, place));
  const layout = planFields(schema).map((plan, i) => layoutOf(plan, entries[i]!, samples, place));
  checkPlaces(layout, tail, place);
  return { samples, schema, layout };
}

interface Place {
  readonly path: string;
  readonly offset: number;
}

function jsonOf(bytes: Uint8Array, place: Place): unknown {
  try {
    return parseJson(decodeUtf8(bytes), place);
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw new ZcError('ZC_FORMAT_FOOTER', 'the footer is not JSON in UTF-8', { ...place, cause });
  }
}

function checkVersion(version: readonly [number, number], head: Head | undefined, place: Place): void {
  const [major, minor] = version;
  const same = head === undefined || (major === head.version[0] && minor === head.version[1]);
  if (major === FORMAT_VERSION[0] && same) return;
  throw new ZcError('ZC_FORMAT_FOOTER', `the footer has version ${major}.${minor}, unlike the head`, {
    ...place,
    expected: head?.version ?? FORMAT_VERSION,
    actual: version,
  });
}

/** The schema that was read last, as it was found and as it was understood. */
let known: { readonly found: string; readonly understood: string } | undefined;

/**
 * The schema of a footer. All shards of a dataset have the same one, and to check it takes longer than all else
 * in a footer; each still has an object of its own.
 */
function schemaOf(json: unknown, name: string): Schema {
  const found = JSON.stringify(json);
  if (known !== undefined && known.found === found) return JSON.parse(known.understood);
  const schema = parseSchema(json, name);
  known = { found, understood: JSON.stringify(schema) };
  return schema;
}

/** Where the footer says that the parts of one field lie. */
interface Entry {
  readonly region: Part;
  readonly ends: Part | undefined;
  readonly dims: Part | undefined;
  readonly checksums: Part | undefined;
}

function entryOf(json: unknown, i: number, place: Place): Entry {
  const parsed = entryJson.safeParse(json);
  if (!parsed.success)
    throw new ZcError('ZC_FORMAT_FOOTER', `layout[${i}].${firstIssue(parsed.error)}`, { ...place });
  const { region, ends, dims, checksums } = parsed.data;
  return {
    region: partOf(region),
    ends: ends && partOf(ends),
    dims: dims && partOf(dims),
    checksums: checksums && partOf(checksums),
  };
}

function partOf([offset, length]: readonly [number, number]): Part {
  return { offset, length };
}

/** The parts of a field, their lengths checked against the number of samples and against each other. */
function layoutOf(plan: FieldPlan, entry: Entry, samples: number, place: Place): FieldLayout {
  const { field, fixed, rowBytes } = plan;
  const { region, ends, dims, checksums } = entry;
  const expectedBytes = fixed ? samples * rowBytes : samples === 0 ? 0 : region.length;
  if (region.length !== expectedBytes) {
    throw new ZcError(
      'ZC_FORMAT_FOOTER',
      `the region of field "${field.name}" has ${region.length} bytes; ${samples} rows have ${expectedBytes}`,
      { ...place, expected: expectedBytes, actual: region.length },
    );
  }
  const expected = tableLengths(plan, samples, region.length);
  for (const table of ['ends', 'dims', 'checksums'] as const) {
    const actual = entry[table]?.length;
    if (actual === expected[table]) continue;
    const words = (length: number | undefined) =>
      length === undefined ? 'no such table' : `${length} bytes`;
    throw new ZcError(
      'ZC_FORMAT_TABLE',
      `table "${table}" of field "${field.name}": ${words(actual)}, expected ${words(expected[table])}`,
      { ...place, expected: expected[table], actual },
    );
  }
  return { ...plan, region, ...(ends && { ends }), ...(dims && { dims }), checksums: checksums! };
}

/** Every part in its bounds and none over another. */
function checkPlaces(layout: readonly FieldLayout[], tail: Tail, place: Place): void {
  const parts = partsOf(layout);
  for (const { part, label } of parts) {
    const { offset, length } = part;
    if (offset % BLOCK_BYTES !== 0 || offset < HEAD_BYTES || offset + length > tail.footerOffset) {
      throw new ZcError(
        'ZC_FORMAT_FOOTER',
        `${label} lies at ${offset} with ${length} bytes; parts begin at a multiple of ${BLOCK_BYTES} ` +
          `behind the head and end at or before ${tail.footerOffset}`,
        { ...place, expected: tail.footerOffset, actual: offset + length },
      );
    }
  }
  const filled = parts.filter(({ part }) => part.length > 0);
  filled.sort((a, b) => a.part.offset - b.part.offset);
  filled.forEach(({ part, label }, i) => {
    const before = filled[i - 1];
    if (!before || before.part.offset + before.part.length <= part.offset) return;
    throw new ZcError('ZC_FORMAT_FOOTER', `${label} overlaps ${before.label}`, {
      ...place,
      expected: before.part.offset + before.part.length,
      actual: part.offset,
    });
  });
}

/** All parts of a shard, with words for each, in schema order. */
export function partsOf(layout: readonly FieldLayout[]): { part: Part; label: string }[] {
  return layout.flatMap(({ field, region, ends, dims, checksums }) =>
    Object.entries({ region, ends, dims, checksums }).flatMap(([kind, part]) =>
      part
        ? [
            {
              part,
              label:
                kind === 'region'
                  ? `the region of field "${field.name}"`
                  : `table "${kind}" of field "${field.name}"`,
            },
          ]
        : [],
    ),
  );
}
