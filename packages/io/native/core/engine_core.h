// The read engine's insides: what becomes of an extent, whichever backend reads it.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine_file.h"
#include "kernels/gather.h"
#include "read_backend.h"
#include "read_batch.h"
#include "read_engine.h"
#include "staging.h"
#include "thread_pool.h"

namespace zc {

// The way of an extent: start_* puts it on its way; a read one passes issue -> advance (once a completion) ->
// read_done -> deliver; a resident one copy_extents; both end in done(), which finishes the batch with its last.
class EngineCore {
 public:
  EngineCore(std::unique_ptr<ReadBackend> backend, const ReadEngine::Options& options);
  EngineCore(const EngineCore&) = delete;
  EngineCore& operator=(const EngineCore&) = delete;
  ~EngineCore();

  // False where the system gave no thread to copy and check by: nothing may be started then.
  bool usable() const { return helpers_.size() > 0; }
  // False, and nothing done, once closing has begun.
  bool start(std::shared_ptr<Batch> batch);
  bool start_rows(std::shared_ptr<Batch> batch);
  bool start_prefetch(std::shared_ptr<Batch> batch, std::shared_ptr<EngineFile> file, std::vector<FileRange> ranges);
  uint64_t next_number();
  bool cancel(uint64_t number);
  // Refuses new batches, cancels those in flight, and waits for them. False on time-out.
  bool drain(uint32_t timeout_ms);
  ReadEngineStats stats() const;

 private:
  using Indices = std::span<const uint32_t>;

  // Lifecycle of a batch (engine_core.cc).
  bool enter(const std::shared_ptr<Batch>& batch);
  void done(Batch& batch, uint32_t units);
  void finish(Batch& batch);

  // Reads (extent_read.cc).
  void start_reads(Batch& batch, Indices indices);
  void issue(Batch& batch, const Extent& extent, bool want_direct, std::vector<ReadOp*>& ops);
  bool issue_first_waiting(std::vector<ReadOp*>& ops);
  void begin(std::unique_ptr<ExtentRead> read, std::vector<ReadOp*>& ops);
  static void fail_for_memory(Batch& batch, const Extent& extent);
  bool place(ExtentRead& read, bool want_direct, bool may_stage);
  void add_chunks(ExtentRead& read, uint64_t begin, uint64_t end);
  static void advance(ReadOp* op, int64_t result);
  void fail_read(ExtentRead& read, const ChunkOp& chunk, int64_t result);
  void read_done(std::unique_ptr<ExtentRead> read);
  void deliver(std::unique_ptr<ExtentRead> read);
  void return_staging(ExtentRead& read);
  void read_singly(Batch& batch, const Extent& extent, std::span<const uint32_t> pieces, bool want_direct,
                   std::vector<ReadOp*>& ops);

  // The page cache (resident_copy.cc).
  void probe_extents(Batch& batch, Indices indices);
  void copy_extents(Batch& batch, Indices indices, uint32_t task_units);

  // Rows of a table (row_copy.cc).
  void copy_rows(Batch& batch, size_t first, size_t end);

  // Reading ahead (prefetch.cc).
  void run_prefetch(Batch& batch, std::shared_ptr<EngineFile> file, std::span<const FileRange> ranges);

  // An extent that waits for a staging buffer.
  struct Waiting {
    Batch* batch;
    const Extent* extent;
    bool want_direct;
  };
  // What a backend's thread copies and checks by itself.
  const uint64_t inline_bytes_max_;

  mutable std::mutex staging_mutex_;
  StagingPool staging_;           // under staging_mutex_
  std::deque<Waiting> waiting_;   // under staging_mutex_; the first to be served first

  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_map<uint64_t, std::shared_ptr<Batch>> batches_;
  uint64_t last_number_ = 0;
  uint64_t batches_done_ = 0;
  uint64_t finishing_ = 0;  // batches that are done, and whose completion is being called
  bool closing_ = false;

  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> reads_direct_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> bytes_from_map_{0};
  std::atomic<uint64_t> direct_refused_{0};

  // The threads come last, so that they are joined before anything that they use goes. The backend's threads
  // hand work to the helpers, and the other way round: both are idle by then, for every batch is done.
  std::unique_ptr<ThreadPool> prefetcher_;  // under mutex_; made with the first prefetch
  ThreadPool helpers_;
  std::unique_ptr<ReadBackend> backend_;
};

// Copies and checks rows, and books the time to their batch.
void gather_for(Batch& batch, std::span<CopyRow> rows);
// Compares the checksum that was computed with the plan's.
void compare_checksum(Batch& batch, const Extent& extent, const Piece& piece, const CopyRow& row);

}  // namespace zc
