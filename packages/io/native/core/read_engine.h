// Reads batches of extents into slots: one plan in, one completion out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend_choice.h"
#include "result.h"

namespace zc {

class RowTable;
struct RowColumn;

// Where a batch goes.
struct ReadTarget {
  std::byte* data = nullptr;
  size_t length = 0;
  // Holds the memory. The engine drops it on one of its own threads, after the completion has returned.
  std::shared_ptr<void> keep_alive;
};

// A run of bytes of a file.
struct FileRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct ReadCounts {
  uint64_t bytes_direct = 0;    // read O_DIRECT straight into the slot
  uint64_t bytes_staged = 0;    // read into a staging buffer, O_DIRECT or not
  uint64_t bytes_copied = 0;    // copied by a processor: out of staging, the page cache or a map
  uint64_t bytes_resident = 0;  // found in the page cache
};

// Where the time of a batch went, in nanoseconds; 0 where nothing of the kind was done.
struct ReadTimes {
  int64_t read = 0;   // from the submission to the last byte that came from a file
  int64_t check = 0;  // of processors, in passes that only compute checksums
  int64_t copy = 0;   // of processors, in passes that copy, whether or not they check what they copy
};

// What a batch does about a piece that cannot be read, or is not what its checksum says.
enum class ReadFailures {
  first,    // the batch ends with it, and what is not begun is left out
  collect,  // it goes on with the others, and ends well with a list of those that failed
};

struct ReadOutcome {
  bool ok = false;
  ReadCounts counts;
  ReadTimes times;
  Error error;                  // the first one, where not ok
  std::vector<Error> failures;  // `read`, `short_read` or `checksum`, each with a piece's tag; at most one a piece
};

// Called exactly once a batch, on a thread of the engine, after the last byte was written: from then on the
// engine does not touch the target. It must not block, and must not close the engine.
using ReadCompletion = std::function<void(ReadOutcome&&)>;

struct ReadEngineStats {
  uint64_t batches_in_flight = 0;
  uint64_t batches_done = 0;
  uint64_t reads = 0;          // finished by the kernel, of both kinds
  uint64_t reads_direct = 0;
  uint64_t bytes_read = 0;     // by those reads, with what direct I/O widened them by
  uint64_t bytes_from_map = 0;
  uint64_t staging_bytes = 0;  // held now
  uint64_t direct_refused = 0; // files that fell back to buffered reads
};

// The plan is the array of doubles that packages/io/src/read-plan.ts writes:
//   [extentCount, pieceCount, ...extents, ...pieces]
//   extent: file, offset, length, firstPiece, pieceCount, way
//   piece:  extentOffset, length, slotOffset (-1: checked only), crc32c (-1: not checked), tag
enum class ReadWay : uint8_t { auto_direct = 0, auto_buffered = 1, mapped_copy = 2, direct = 3, buffered = 4 };

// All methods may be called from any thread but those of the engine itself.
class ReadEngine {
 public:
  struct Options {
    BackendChoice backend = BackendChoice::automatic;
    uint32_t depth = 0;      // reads in flight in the ring, at most; 0: as many as the device gains from, 64 to 256
    uint32_t threads = 16;   // of the thread pool, where that is the backend
    uint32_t helpers = 0;    // threads that copy and check; 0: 1 on two cores or fewer, else up to 4
    uint64_t max_staging_bytes = 64ull << 20;
    uint32_t close_timeout_ms = 5000;
    std::string faults{};    // for tests: what reads are made to suffer, in the words of parse_faults()
  };

  // `ring_refused` when io_uring is asked for by name and refused; with `automatic` the threads take over and
  // reason() says why.
  static Result<std::unique_ptr<ReadEngine>> create(const Options& options) noexcept;
  ReadEngine(const ReadEngine&) = delete;
  ReadEngine& operator=(const ReadEngine&) = delete;
  // close() where that was not called.
  ~ReadEngine();

  // io_uring or threads, never automatic.
  BackendChoice backend() const noexcept;
  // Why it is not io_uring: one sentence and what to do; empty where it is.
  const std::string& reason() const noexcept;

  // Blocks for one open and one stat. The handle is a small number, reused after close_file().
  Result<uint32_t> open_file(const std::string& path) noexcept;
  // Reads in flight keep the file open until they are done.
  Result<void> close_file(uint32_t file) noexcept;
  Result<uint64_t> file_size(uint32_t file) const noexcept;
  // How much of a range the page cache holds; an estimate (see resident_bytes). Blocks for the asking alone.
  Result<uint64_t> resident(uint32_t file, uint64_t offset, uint64_t length) const noexcept;

  // Checks the whole plan, against the files' sizes and the target's length, before anything is read: a bad
  // plan is an `argument` error here and `completion` is never called. The plan is not used after the return.
  // The value is the batch's number, for cancel(). An extent of several pieces that cannot be read is tried again
  // piece by piece: an error names the piece, and with `collect` only what cannot be read is missing.
  Result<uint64_t> submit(ReadTarget target, const double* plan, size_t plan_length, ReadCompletion completion,
                          ReadFailures failures = ReadFailures::first) noexcept;

  // Puts the rows of an open file into a table (see RowTable::add). It leaves every table when it is closed here.
  Result<void> add_rows(const std::shared_ptr<RowTable>& table, uint64_t place, uint32_t file,
                        std::vector<RowColumn> columns) noexcept;
  // Copies rows that a table holds into their places (see RowTable::find), as they lie: without a plan, a checksum
  // or a read. `poisoned` where a file was found cut short; which rows that concerns a plan of the same rows tells.
  Result<uint64_t> submit_rows(ReadTarget target, const RowTable& table, const double* numbers, size_t count,
                               const double* places, size_t place_count, ReadCompletion completion) noexcept;

  // The batch ends with `aborted`, once the reads that the kernel already has are done. False where the batch
  // is no longer in flight.
  bool cancel(uint64_t batch) noexcept;

  // Brings ranges into the page cache, without a copy. The completion comes when they are there, with
  // bytes_resident the bytes that were asked for, or with the first that could not be read; those behind it are
  // left out. cancel() works for it.
  Result<uint64_t> prefetch(uint32_t file, std::vector<FileRange> ranges, ReadCompletion completion) noexcept;

  ReadEngineStats stats() const noexcept;

  // Cancels what is in flight and waits for it. False when the kernel still held reads after `timeout_ms`: then
  // their memory, threads and ring are left to it for good, rather than unmapped under a read.
  bool close(uint32_t timeout_ms) noexcept;
  // The same, with the time-out of the options.
  bool close() noexcept;

 private:
  class Impl;
  explicit ReadEngine(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

}  // namespace zc
