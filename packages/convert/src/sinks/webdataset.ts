import { ZcError } from '@zc/errors';
import type { Field, Schema } from '@zc/format';
import { mimes } from 'mrmime';
import { tensorOf } from './elements.js';
import { encodeNpyHeader } from './npy-header.js';
import { OutputFile } from './output-file.js';
import type { OpenedSink, SampleSink } from './sample-sink.js';

/**
 * WebDataset: a tar whose entries of one key, such as `000000017.image.jpg` and `000000017.label.cls`, are one sample.
 *
 * An entry's extension is the field's name and an ending that tells its kind, by which the `webdataset` library
 * decodes it; a field that is named as such an ending (`jpg`, `cls`) is that extension. The same samples give the
 * same bytes: entries have no time, owner or group.
 */
export const webdataset: SampleSink = {
  name: 'webdataset',
  extension: '.tar',
  layout: 'file',

  check(schema) {
    const extensions = extensionsOf(schema);
    const changed = schema.fields.filter(
      (field) => isInteger(field) && field.kind === 'tensor' && field.dtype !== 'int64',
    );
    const halves = schema.fields.filter((field) => field.kind === 'tensor' && field.dtype === 'bfloat16');
    return [
      `entries: ${[...extensions.values()].join(', ')}`,
      ...(halves.length > 0
        ? [`bfloat16 as uint16 bits, for NumPy lacks it: ${halves.map(({ name }) => name).join(', ')}`]
        : []),
      ...(changed.length > 0
        ? [`integers in decimal, without their dtype: ${changed.map(({ name }) => name).join(', ')}`]
        : []),
    ];
  },

  async open(path, { schema }): Promise<OpenedSink> {
    const tar = await import('tar');
    const extensions = extensionsOf(schema);
    const file = await OutputFile.create(path);
    return {
      get bytes() {
        return file.bytes;
      },
      async write(sample, row) {
        const key = String(row).padStart(9, '0');
        for (const field of schema.fields) {
          const body = bodyOf(field, sample[field.name]);
          await file.write(entryHead(tar, `${key}.${extensions.get(field.name)}`, body.length));
          await file.write(body);
          await file.write(new Uint8Array(-body.length & (BLOCK_BYTES - 1)));
        }
      },
      async finish() {
        await file.write(new Uint8Array(2 * BLOCK_BYTES));
        await file.finish();
      },
      close: () => file.close(),
    };
  },
};

/** What an entry of a tar begins at a multiple of. */
const BLOCK_BYTES = 512;

function entryHead(tar: typeof import('tar'), path: string, size: number): Uint8Array {
  const entry = { path, size, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, type: 'File' } as const;
  const header = new tar.Header(entry);
  const needsPax = header.encode();
  return needsPax ? Buffer.concat([new tar.Pax({ path, size }).encode(), header.block!]) : header.block!;
}

function bodyOf(field: Field, value: unknown): Uint8Array {
  switch (field.kind) {
    case 'bytes':
      return value as Uint8Array;
    case 'utf8':
      return Buffer.from(value as string);
    case 'json':
      return Buffer.from(JSON.stringify(value));
    case 'tensor': {
      if (isInteger(field)) return Buffer.from(String(value));
      const { data, shape } = tensorOf(field, value);
      const elements = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return Buffer.concat([encodeNpyHeader(field.dtype, shape), elements]);
    }
  }
}

/** The extension of each field's entries. @throws ZC_CONVERT_UNSUPPORTED for names that no entry can have */
function extensionsOf({ fields }: Schema): Map<string, string> {
  const extensions = new Map<string, string>();
  for (const field of fields) {
    const { name } = field;
    if (!/^[^/\0.][^/\0]*$/.test(name)) {
      throw new ZcError(
        'ZC_CONVERT_UNSUPPORTED',
        `the field's name "${name}" cannot be an entry's extension`,
        {
          field: name,
        },
      );
    }
    const endings = endingsOf(field);
    const ending = name.slice(name.lastIndexOf('.') + 1);
    extensions.set(name, endings.includes(ending) ? name : `${name}.${endings[0]}`);
  }
  return extensions;
}

/** The endings that tell the kind of a field, the preferred one first. */
function endingsOf(field: Field): readonly string[] {
  switch (field.kind) {
    case 'utf8':
      return ['txt', 'text', 'transcript'];
    case 'json':
      return ['json', 'jsn'];
    case 'bytes':
      return mediaEndings(field.mediaType);
    case 'tensor':
      return isInteger(field) ? ['cls', 'cls2', 'class', 'count', 'index', 'inx', 'id'] : ['npy'];
  }
}

function mediaEndings(mediaType: string | undefined): readonly string[] {
  if (mediaType === undefined) return ['bin'];
  if (mediaType === 'image/jpeg') return ['jpg', 'jpeg'];
  const endings = Object.keys(mimes).filter((ending) => mimes[ending] === mediaType);
  return endings.length > 0 ? endings : ['bin'];
}

/** One integer a sample: the library reads it from its decimal digits. */
function isInteger(field: Field): boolean {
  return field.kind === 'tensor' && field.shape.length === 0 && /^u?int/.test(field.dtype);
}
