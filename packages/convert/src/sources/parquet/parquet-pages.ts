import type { ColumnMetaData } from 'hyparquet';
import { convertLimits, refuseBeyond } from '../../limits.js';
import type { FileBytes } from '../tables/file-bytes.js';

type Columns = typeof import('hyparquet/src/column.js');

/** The bytes of one column of one row group. */
export interface ColumnChunkBytes {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a column chunk and checks the headers of its pages: the library allocates by what they claim.
 *
 * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_LIMIT
 */
export async function readColumnChunk(
  { parquetHeader }: Columns,
  file: FileBytes,
  chunk: ColumnMetaData,
): Promise<ColumnChunkBytes> {
  const dictionary = Number(chunk.dictionary_page_offset ?? 0);
  const data = Number(chunk.data_page_offset);
  // Some writers leave an offset of 0 where there is no dictionary.
  const offset = dictionary > 0 && dictionary < data ? dictionary : data;
  const length = Number(chunk.total_compressed_size);
  const { path } = file;
  refuseBeyond('TABLE_GROUP_BYTES_MAX', length, `the length of column ${chunk.path_in_schema.join('.')}`, {
    path,
    offset,
  });
  const bytes = await file.read(offset, length);
  const reader = { view: new DataView(bytes.buffer), offset: 0 };
  let values = 0;
  let unpacked = 0;
  while (reader.offset < bytes.length) {
    const start = reader.offset;
    const at = { path, offset: offset + start };
    let header: ReturnType<Columns['parquetHeader']>;
    try {
      header = parquetHeader(reader);
    } catch (cause) {
      throw file.damaged(
        `the header of a page cannot be read: ${(cause as Error).message}`,
        at.offset,
        cause,
      );
    }
    const { compressed_page_size: packedBytes, uncompressed_page_size: pageBytes } = header;
    const count =
      (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values ??
      -1;
    const isSound =
      [packedBytes, pageBytes, count].every((number) => Number.isSafeInteger(number) && number >= 0) &&
      packedBytes <= bytes.length - reader.offset;
    if (!isSound || header.type === undefined)
      throw file.damaged('the header of a page makes no sense', at.offset);
    if (header.type !== 'DICTIONARY_PAGE') values += count;
    unpacked += pageBytes;
    refuseBeyond(
      'TABLE_GROUP_VALUES_MAX',
      Math.max(values, count),
      'the number of values of a row group',
      at,
    );
    refuseBeyond('TABLE_GROUP_BYTES_MAX', unpacked, 'the length of an unpacked column', at);
    if (pageBytes > convertLimits.UNPACK_FREE_BYTES) {
      const allowed = convertLimits.UNPACK_RATIO_MAX * packedBytes;
      if (pageBytes > allowed)
        throw file.damaged(`a page of ${packedBytes} bytes claims to unpack to ${pageBytes}`, at.offset);
    }
    reader.offset += packedBytes;
  }
  if (values !== Number(chunk.num_values)) {
    throw file.damaged(`the pages have ${values} values, the footer says ${chunk.num_values}`, offset);
  }
  return { offset, bytes };
}
