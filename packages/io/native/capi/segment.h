// The slots of shared memory that a server lends to this process, and the leases on them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../core/result.h"

namespace zc::capi {

// How a segment is divided: [control][slot 0][slot 1]… (docs/reference/bridge-protocol.md, section 5).
struct SegmentSizes {
  uint64_t size_bytes = 0;
  uint64_t control_bytes = 0;
  uint32_t slots = 0;
  uint64_t slot_bytes = 0;
};

// One memfd of the server, mapped as long as anybody holds it: its owner, and each lease on one of its slots.
class Segment {
 public:
  // Maps the segment; both descriptors stay the caller's. Refuses a memfd that is shorter than announced or could
  // still shrink. `released` is the eventfd that is written when a lease ends.
  static Result<std::shared_ptr<Segment>> map(int fd, const SegmentSizes& sizes, int released);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  std::byte* address() const noexcept { return address_; }
  uint32_t slots() const noexcept { return sizes_.slots; }
  uint64_t slot_bytes() const noexcept { return sizes_.slot_bytes; }
  std::byte* slot(uint32_t index) const noexcept;
  uint32_t leases() const noexcept { return leases_.load(std::memory_order_relaxed); }

  // No lease that ends is told any more: the server is gone, and the eventfd's number may soon be another file's.
  void forget() noexcept;

 private:
  friend class SlotLease;
  Segment(std::byte* address, const SegmentSizes& sizes, int released);

  // The slot's control words: the generation whose lease has ended, and the one that was taken.
  std::atomic_ref<uint32_t> released_word(uint32_t slot) const noexcept;
  std::atomic_ref<uint32_t> taken_word(uint32_t slot) const noexcept;
  void end_lease(uint32_t slot, uint32_t generation) noexcept;

  std::byte* const address_;
  const SegmentSizes sizes_;
  const int released_;
  const int owner_;
  std::atomic<uint32_t> leases_ = 0;
  // Ends of leases that are being told, which `forget` waits for.
  std::atomic<uint32_t> telling_ = 0;
  std::atomic<bool> forgotten_ = false;
};

// The right to one slot's memory, from its making to its end. It may end on any thread, without any lock.
class SlotLease {
 public:
  // Notes in the control words that the slot is taken. `slot` is one of the segment's.
  SlotLease(std::shared_ptr<Segment> segment, uint32_t slot, uint32_t generation) noexcept;
  // Tells the server, unless this is a process forked from the one that has the lease.
  ~SlotLease();
  SlotLease(const SlotLease&) = delete;
  SlotLease& operator=(const SlotLease&) = delete;

  std::byte* memory() const noexcept { return segment_->slot(slot_); }

 private:
  const std::shared_ptr<Segment> segment_;
  const uint32_t slot_;
  const uint32_t generation_;
};

}  // namespace zc::capi
