// A batch in flight, and the reads of its extents.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "read_backend.h"
#include "read_engine.h"
#include "read_plan.h"
#include "row_table.h"
#include "staging.h"

namespace zc {

class EngineCore;
struct Batch;
using Clock = std::chrono::steady_clock;
struct ExtentRead;

// A part of an extent's read, of at most read_bytes_max, so that a long extent is many reads in flight.
struct ChunkOp : ReadOp {
  ExtentRead* read = nullptr;
  uint32_t needed = 0;  // bytes from the chunk's start that belong to the extent or come before it
  uint32_t done = 0;
};

// One extent while it is being read. It belongs to whoever works on it, and to nobody while its chunks are with the
// backend: the last of them to come back takes it up again. Touched by one thread at a time, but for what is atomic.
struct ExtentRead {
  ExtentRead(EngineCore* its_core, Batch* its_batch, const Extent* its_extent)
      : core(its_core), batch(its_batch), extent(its_extent) {}

  EngineCore* const core;
  Batch* const batch;
  const Extent* const extent;       // the batch's
  uint32_t direct_alignment = 0;    // 0: a buffered read
  StagingPool::Buffer staging;      // no data: the read goes straight into the slot
  std::byte* bytes = nullptr;       // where the extent's first byte comes to lie
  std::vector<ChunkOp> chunks;      // sized once, for the backend holds pointers into it
  std::atomic<uint32_t> chunks_left{0};
  std::atomic<bool> direct_refused{false};
  std::atomic<bool> failed{false};  // some of it cannot be read
};

// Lives in the engine's table from submit() until its completion has returned. Whoever works on it holds one of
// its `pending` units, and does not touch it after giving that back.
struct Batch {
  uint64_t number = 0;
  ReadTarget target;
  ReadPlan plan;
  std::optional<RowBatch> rows;  // instead of a plan
  ReadCompletion completion;
  ReadFailures collects = ReadFailures::first;
  Clock::time_point submitted = Clock::now();

  // Places in plan.extents, by what has to be done for them first.
  std::vector<uint32_t> to_copy;
  std::vector<uint32_t> to_probe;
  std::vector<uint32_t> to_read;

  std::atomic<uint32_t> pending{0};    // extents and tasks that are not done
  std::atomic<bool> stopped{false};    // failed or cancelled: what is not begun is left out
  bool cancelled = false;              // under the engine's mutex, as is finishing
  bool finishing = false;
  std::mutex error_mutex;
  bool failed = false;                 // under error_mutex, as is all up to the counts
  Error error;
  std::vector<Error> failures;         // of single pieces, where the batch collects them
  std::deque<Extent> singles;          // pieces of extents that failed, each to be read alone

  std::atomic<uint64_t> bytes_direct{0};
  std::atomic<uint64_t> bytes_staged{0};
  std::atomic<uint64_t> bytes_copied{0};
  std::atomic<uint64_t> bytes_resident{0};
  std::atomic<int64_t> read_ns{0};     // from the submission to the last read that came back
  std::atomic<int64_t> check_ns{0};
  std::atomic<int64_t> copy_ns{0};

  bool collecting() const { return collects == ReadFailures::collect; }

  // What is wrong with one piece: one of several failures where the batch collects them, else its error.
  void fail_piece(Error failure) {
    if (!collecting()) return fail(std::move(failure));
    const std::lock_guard lock(error_mutex);
    failures.push_back(std::move(failure));
  }

  // An extent of one piece alone. It stays where it is until the batch ends.
  const Extent* add_single(const Extent& whole, uint32_t piece_number) {
    const Piece& piece = plan.pieces[piece_number];
    Extent single = whole;
    single.offset += piece.extent_offset;
    single.length = piece.length;
    single.pieces_from = piece.extent_offset;
    single.first_piece = piece_number;
    single.piece_count = 1;
    single.contiguous = piece.copied;
    const std::lock_guard lock(error_mutex);
    singles.push_back(std::move(single));
    return &singles.back();
  }

  // Keeps the first error.
  void fail(Error failure) {
    const std::lock_guard lock(error_mutex);
    if (!failed) {
      failed = true;
      error = std::move(failure);
    }
    stopped.store(true, std::memory_order_release);
  }

  double tag_of(const Extent& extent) const { return plan.pieces[extent.first_piece].tag; }
};

}  // namespace zc
