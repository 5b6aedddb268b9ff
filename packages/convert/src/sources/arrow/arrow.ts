import type { SampleSource } from '../sample-source.js';
import { openTables } from '../tables/table-source.js';
import { openArrowFile } from './arrow-file.js';
import { isArrowFile, isArrowStream } from './arrow-messages.js';

/**
 * Arrow IPC files and streams (Feather version 2 too), one sample a row; several files are one table.
 *
 * A record batch at a time is in memory. Buffers may be compressed with zstd.
 */
export const arrow: SampleSource = {
  name: 'arrow',

  async detect({ isDirectory, paths, head }) {
    return !isDirectory && paths[0] !== '-' && (isArrowFile(head) || isArrowStream(head));
  },

  async open({ paths }) {
    return openTables({ title: 'an Arrow table', paths, open: openArrowFile });
  },
};
