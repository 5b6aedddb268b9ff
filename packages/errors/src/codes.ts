/** What is said of one error code: what it means, and what whoever meets it can do next. */
export interface ErrorCodeEntry {
  /** One sentence, for the reference. */
  readonly meaning: string;
  /** The next step, shown under the message where the place of the error has no better one. */
  readonly advice: string;
}

/**
 * Every error code of every package, and of the Python package, which uses the same ones.
 *
 * The type `ZcErrorCode` and the reference page `docs/reference/errors.md` are made from this table. Codes
 * are grouped by what was being done; within a group the order is the one of the reference.
 */
export const errorCodes = {
  ZC_ARGUMENT: {
    meaning: 'A function was given a value that it cannot work with.',
    advice: 'Correct the argument that the message names.',
  },
  ZC_ABORTED: {
    meaning: 'The operation was ended through its AbortSignal.',
    advice: 'Nothing is damaged; start the operation again if its result is still wanted.',
  },
  ZC_INDEX_RANGE: {
    meaning: 'A sample index lies outside the shard or the dataset.',
    advice: 'Indices go from 0 to `length - 1`.',
  },
  ZC_CLOSED: {
    meaning: 'A dataset, loader, writer or engine was used after it was closed.',
    advice: 'Close it after its last use, or open it again.',
  },
  ZC_SUPERSEDED: {
    meaning: 'An iterator was asked for a batch after a newer iteration of its loader had begun.',
    advice: 'Make a second loader for a second pass at the same time.',
  },
  ZC_MEMORY_BUDGET: {
    meaning: 'Batches that are still held fill the whole memory budget.',
    advice: 'Release or clone the batches you keep, or raise `maxMemoryBytes`.',
  },
  ZC_STATE_MISMATCH: {
    meaning: 'A saved loader state does not fit the dataset or the options it is loaded into.',
    advice:
      'Load it with the dataset, seed and shuffle kind it was saved with; batch size and ranks may differ.',
  },
  ZC_RANK_CHANGED: {
    meaning: 'Rank or world size changed after the first iteration had settled them.',
    advice: 'Start the process group before the first iteration, or make a new loader.',
  },
  ZC_TRANSFORM: {
    meaning: 'A transform of the user’s own threw an error, could not be loaded, or ended its thread.',
    advice: 'The message names the samples where they are known; `cause` is the error that was thrown.',
  },
  ZC_INTERNAL: {
    meaning: 'A mistake in ZC-Loader itself.',
    advice: 'Please report it with the whole message.',
  },

  ZC_FORMAT_BAD_MAGIC: {
    meaning: 'The file does not begin as a shard does.',
    advice: 'Check that the path names a shard and that it was copied in binary mode.',
  },
  ZC_FORMAT_VERSION: {
    meaning: 'The shard has a format version that this reader does not know.',
    advice: 'Read it with a newer release of ZC-Loader.',
  },
  ZC_FORMAT_FLAGS: {
    meaning: 'The shard sets a must-understand flag that this reader does not know.',
    advice: 'Read it with a newer release of ZC-Loader.',
  },
  ZC_FORMAT_TRUNCATED: {
    meaning: 'The file is shorter than its footer says, or too short to be a shard.',
    advice: 'Its writing or copying was cut short: write or copy it again.',
  },
  ZC_FORMAT_HEAD: {
    meaning: 'The head of the shard holds a value that the format does not allow.',
    advice: 'The file is damaged: copy or write it again.',
  },
  ZC_FORMAT_FOOTER: {
    meaning: 'The footer of the shard is missing or holds a value that the format does not allow.',
    advice: 'The file is damaged or its writing was cut short: copy or write it again.',
  },
  ZC_FORMAT_SCHEMA: {
    meaning: 'A schema is not a valid one, or differs from the one it must match.',
    advice: 'Compare it with the schema section of docs/reference/shard-format.md.',
  },
  ZC_FORMAT_LIMIT: {
    meaning: 'A count or size is beyond the maximum that the format sets for it.',
    advice: 'The limits are listed in docs/reference/shard-format.md.',
  },
  ZC_FORMAT_TABLE: {
    meaning: 'An offset or checksum table contradicts itself, its region or the file.',
    advice: 'The file is damaged: copy or write it again.',
  },
  ZC_FORMAT_CHECKSUM: {
    meaning: 'Bytes of the shard do not have the checksum that was recorded when they were written.',
    advice: 'The file changed after it was written. `zc verify` lists every damaged row.',
  },
  ZC_FORMAT_CODEC: {
    meaning: 'A field is compressed in a way that this reader or writer does not know.',
    advice: 'Leave the field out, or use a release that knows the codec.',
  },
  ZC_FORMAT_BUSY: {
    meaning: 'Another process is writing this dataset at the moment.',
    advice: 'Wait until it has finished, or write to another directory.',
  },
  ZC_FORMAT_RESUME: {
    meaning: 'What an interrupted writer has left was made from something else, or with other options.',
    advice:
      'Go on with the same input and options, or begin anew without `resume`, which removes what was left.',
  },
  ZC_FORMAT_MANIFEST: {
    meaning: 'A `dataset.json` is not a valid manifest, or the shards are not the ones it lists.',
    advice: 'Copy the whole dataset directory again, or write it again.',
  },
  ZC_FORMAT_VALUE: {
    meaning: 'A value does not fit its field: kind, dtype, shape or range.',
    advice: 'Convert the value, or change the schema.',
  },

  ZC_IO_OPEN: {
    meaning: 'A file could not be opened.',
    advice: 'Check that it exists and that this user may read it.',
  },
  ZC_IO_READ: {
    meaning: 'The system reported an error while a file was being read.',
    advice: 'The message carries the error of the system; `dmesg` may tell more about the device.',
  },
  ZC_IO_WRITE: {
    meaning: 'The system reported an error while a file was being written.',
    advice: 'The message carries the error of the system; check the free space and the permissions.',
  },
  ZC_IO_EXISTS: {
    meaning: 'What was to be written is there already.',
    advice: 'Remove it, or write to another path.',
  },
  ZC_IO_SHORT_READ: {
    meaning: 'The file ended before all the bytes asked for were read.',
    advice: 'The file was cut short after it was opened: copy or write it again.',
  },
  ZC_IO_CHECKSUM: {
    meaning: 'Bytes that were read do not have the checksum that was expected.',
    advice: 'The file changed after it was written. `zc verify` lists every damaged row.',
  },
  ZC_IO_POISONED: {
    meaning: 'A file was cut short while it was mapped, or its disk failed; what is lost reads as zeros.',
    advice: 'Do not change published shards in place; open the dataset again once the file is whole.',
  },
  ZC_IO_MAP: {
    meaning: 'A file could not be mapped into memory.',
    advice: 'Check `ulimit -v` and /proc/sys/vm/max_map_count.',
  },
  ZC_IO_MEMORY: {
    meaning: 'The system refused memory for buffers or for a ring.',
    advice: 'Lower `maxMemoryBytes`, or raise the limit of the process or its container.',
  },
  ZC_IO_CLOSED: {
    meaning: 'A map, pool, engine or writer was used after it was closed.',
    advice: 'Close it after its last use, or open it again.',
  },
  ZC_IO_RING_REFUSED: {
    meaning: 'The system refuses io_uring, which was asked for by name.',
    advice: 'Ask for the backend `auto` or `threads`; `zc doctor` says what would allow io_uring.',
  },
  ZC_IO_UNSUPPORTED_PLATFORM: {
    meaning: 'There is no native core for this platform.',
    advice: 'Use Linux on x86-64, or read with `@zc/format` alone, which runs everywhere.',
  },
  ZC_IO_NO_ADDON: {
    meaning: 'The native addon could not be loaded.',
    advice: 'Install the package again; in a checkout of the repository run `npm run build`.',
  },

  ZC_CONVERT_SOURCE: {
    meaning: 'A source file cannot be read as what it is said to be.',
    advice: 'Remove or repair the file that the message names.',
  },
  ZC_CONVERT_UNSUPPORTED: {
    meaning: 'A source uses a variant of its format that the converter does not read.',
    advice: 'Convert it first with a tool of that format.',
  },
  ZC_CONVERT_MIXED: {
    meaning: 'The samples of a source do not fit one schema.',
    advice: 'Pack them as separate datasets, or make them alike first.',
  },
  ZC_CONVERT_EMPTY: {
    meaning: 'A source holds no samples.',
    advice: 'Check the path and the kinds of files that lie there.',
  },
  ZC_CONVERT_LIMIT: {
    meaning: 'A count or size in a source is beyond what the converter is ready to take.',
    advice: 'The file may be damaged or hostile; the limits are listed in docs/guides/packing.md.',
  },

  ZC_TORCH_SERVER_GONE: {
    meaning: 'The server process that reads for this trainer has ended.',
    advice: 'Iterate over the loader again: that starts another server. `zc doctor` looks for causes.',
  },
  ZC_TORCH_SERVER_START: {
    meaning: 'The server process did not start.',
    advice: 'Run `zc doctor`; what the server said before, if anything, is in the message.',
  },
  ZC_TORCH_FORKED: {
    meaning: 'A loader was used in a process forked from the one that made it.',
    advice: 'Make the loader in the child, or start the child with `spawn`.',
  },
  ZC_TORCH_PROTOCOL: {
    meaning: 'Client and server do not speak the same protocol, or a message was malformed.',
    advice: 'Install the same release on both sides.',
  },
  ZC_TORCH_NODE_MISSING: {
    meaning: 'No Node.js that can run the server was found.',
    advice: 'Install Node.js 20.19 or newer, or name one in ZC_NODE.',
  },
  ZC_TORCH_PYTORCH_MISSING: {
    meaning: 'PyTorch is not installed, or is too old for `zero_copy_loader.torch`.',
    advice:
      "`pip install 'zero-copy-loader[torch]'`; without PyTorch `zero_copy_loader.DataLoader` gives NumPy arrays.",
  },
  ZC_TORCH_CORE_MISSING: {
    meaning: 'The native library of the Python package could not be loaded.',
    advice:
      'Install the wheel again; in a checkout run `npm run build`, or name the library in ZC_CORE_LIBRARY.',
  },
} as const satisfies Record<`ZC_${string}`, ErrorCodeEntry>;

/** A code of the table, such as `'ZC_FORMAT_CHECKSUM'`. */
export type ZcErrorCode = keyof typeof errorCodes;
