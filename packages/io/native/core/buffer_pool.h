// Slots of shared memory that batches are read into, recycled.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "result.h"
#include "unique_fd.h"

namespace zc {

// One leased slot. A plain value: whoever acquired it gives it back to the pool once, by release().
struct Slot {
  uint32_t segment = 0;
  uint32_t index = 0;       // in the segment
  uint32_t generation = 0;  // 1 for a slot's first lease, one more with each (0 is skipped when it wraps)
  uint64_t offset = 0;      // of the slot's first byte in the segment's memfd
  std::byte* data = nullptr;
  size_t length = 0;        // the pool's slot_bytes
};

// Segments are memfds, sealed against shrinking, growing and further seals, laid out
//   [control: 8 bytes a slot, padded to a page][slot 0][slot 1]…
// with slots at multiples of 4 KiB. A slot's control words are two little-endian u32: the generation that a
// consumer in another process has released (0 at first), and one that is spare.
//
// All methods may be called from any thread. The memory lives as long as the pool: hold the shared_ptr for as
// long as anything reads or writes a slot.
class BufferPool {
 public:
  struct Options {
    size_t slot_bytes = 0;
    uint32_t slots = 0;
    uint64_t max_bytes = 0;  // of all segments together, control pages included; 0: no growing
  };
  struct Segment {
    int fd = -1;  // the pool's own: duplicate it to keep it; -1 where memfds are forbidden
    uint64_t size_bytes = 0;
    uint64_t control_bytes = 0;
    uint32_t slots = 0;
    std::byte* address = nullptr;
  };

  static Result<std::shared_ptr<BufferPool>> create(const Options& options) noexcept;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // The free slot that was given back last, for it is still in the cache; nothing when all are leased.
  std::optional<Slot> acquire() noexcept;

  // Ends a lease. False, and nothing done, if `generation` is not the slot's current lease.
  bool release(uint32_t segment, uint32_t index, uint32_t generation) noexcept;

  // Adds a segment of `slots` slots (0: half of the first segment's, at least one), or of as many as still fit
  // max_bytes. `memory_budget` when not one does.
  Result<uint32_t> grow(uint32_t slots = 0) noexcept;

  // What the other process has written into the slot's control word.
  uint32_t released_generation(uint32_t segment, uint32_t index) const noexcept;

  size_t slot_bytes() const noexcept { return slot_bytes_; }
  uint32_t leased() const noexcept;
  uint32_t capacity() const noexcept;
  uint64_t total_bytes() const noexcept;
  std::vector<Segment> segments() const;

 private:
  struct SegmentState;
  BufferPool() = default;
  Result<uint32_t> add_segment(uint32_t slots) noexcept;

  size_t slot_bytes_ = 0;
  size_t slot_stride_ = 0;
  uint64_t max_bytes_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<SegmentState>> segments_;
  std::vector<uint64_t> free_;  // (segment << 32 | index), the last one handed out first
  uint32_t leased_ = 0;
  uint32_t capacity_ = 0;
  uint64_t total_bytes_ = 0;
};

}  // namespace zc
