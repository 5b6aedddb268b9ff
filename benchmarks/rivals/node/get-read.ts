import { FlatRows } from './flat-rows.js';
import { timedGets } from './timed-gets.js';

/** `fs.readSync` of one row; `params.buffer`: `fresh`, a new Buffer each time, or `reused`, one for all. */
export default timedGets(async ({ data, params }) => {
  const rows = new FlatRows(data);
  const reused = params.buffer === 'reused' ? Buffer.allocUnsafeSlow(rows.lengthMax) : undefined;
  return {
    get(id) {
      const length = rows.length(id);
      const row = reused?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length);
      rows.read(id, row);
      return { row, label: rows.labels[id]! };
    },
    close: () => rows.close(),
  };
});
