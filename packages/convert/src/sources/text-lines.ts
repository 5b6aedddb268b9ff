import { ZcError } from '@zc/errors';
import { defineSchema, field } from '@zc/format';
import { isText, type Line, linesOf } from './lines.js';
import type { BadRow, OpenedSource, SampleSource, SourceRow } from './sample-source.js';
import { decodeText } from './text-bytes.js';
import { UnpackedFile, unpackedHead } from './unpacked-file.js';

/** Text files, plain, gzip or zstd: one sample a line, in the field `text`; an empty line is one too. */
export const textLines: SampleSource = {
  name: 'text',

  async detect(input) {
    return !input.isDirectory && isText(unpackedHead(input));
  },

  async open(input): Promise<OpenedSource> {
    return {
      schema: defineSchema({ text: field.text() }),
      samples: undefined,
      bytes: input.sizeBytes,
      facts: ['text, one sample a line'],
      async *rows(from): AsyncGenerator<SourceRow | BadRow> {
        let row = 0;
        for (const path of input.paths) {
          for await (const line of linesOf(new UnpackedFile(input, path)))
            if (row++ >= from) yield rowOf(line);
        }
      },
    };
  },
};

function rowOf({ path, number, offset, content, bytesRead }: Line): SourceRow | BadRow {
  try {
    return { sample: { text: decodeText(content) }, bytesRead };
  } catch (cause) {
    const error = new ZcError('ZC_CONVERT_SOURCE', `line ${number} is not UTF-8`, { path, offset, cause });
    return { error, bytesRead };
  }
}
