// A batch in flight, and the reads of its extents.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "read_backend.h"
#include "read_engine.h"
#include "read_plan.h"
#include "staging.h"

namespace zc {

class EngineCore;
struct Batch;
struct ExtentRead;

// A part of an extent's read, of at most read_bytes_max, so that a long extent is many reads in flight.
struct ChunkOp : ReadOp {
  ExtentRead* read = nullptr;
  uint32_t needed = 0;  // bytes from the chunk's start that belong to the extent or come before it
  uint32_t done = 0;
};

// One extent while it is being read. Owned by its batch; touched by one thread at a time, but for what is atomic.
struct ExtentRead {
  EngineCore* core = nullptr;
  Batch* batch = nullptr;
  uint32_t index = 0;               // of the extent in the plan
  uint32_t direct_alignment = 0;    // 0: a buffered read
  StagingPool::Buffer staging;      // no data: the read goes straight into the slot
  std::byte* bytes = nullptr;       // where the extent's first byte comes to lie
  std::vector<ChunkOp> chunks;      // sized once, for the backend holds pointers into it
  std::atomic<uint32_t> chunks_left{0};
  std::atomic<bool> direct_refused{false};
};

// Lives in the engine's table from submit() until its completion has returned. Whoever works on it holds one of
// its `pending` units, and does not touch it after giving that back.
struct Batch {
  uint64_t number = 0;
  ReadTarget target;
  ReadPlan plan;
  ReadCompletion completion;

  // Places in plan.extents, by what has to be done for them first.
  std::vector<uint32_t> to_copy;
  std::vector<uint32_t> to_probe;
  std::vector<uint32_t> to_read;
  std::vector<std::unique_ptr<ExtentRead>> reads;  // one place an extent

  std::atomic<uint32_t> pending{0};    // extents and tasks that are not done
  std::atomic<bool> stopped{false};    // failed or cancelled: what is not begun is left out
  bool cancelled = false;              // under the engine's mutex, as is finishing
  bool finishing = false;
  std::mutex error_mutex;
  bool failed = false;                 // under error_mutex, with `error`
  Error error;

  std::atomic<uint64_t> bytes_direct{0};
  std::atomic<uint64_t> bytes_staged{0};
  std::atomic<uint64_t> bytes_copied{0};
  std::atomic<uint64_t> bytes_resident{0};

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
