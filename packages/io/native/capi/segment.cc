#include "segment.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "../core/huge_pages.h"

namespace zc::capi {
namespace {

constexpr uint64_t control_bytes_per_slot = 8;
// What a tensor's elements and the control words need; the slots of a server begin on pages.
constexpr uint64_t slot_alignment = 64;

Error refused(int64_t found, const SegmentSizes& sizes, bool sealed) {
  return Error{.code = ErrorCode::argument,
               .operation = "a segment of " + std::to_string(found) + " bytes, " +
                            (sealed ? "sealed" : "not sealed") + ", was announced as " +
                            std::to_string(sizes.size_bytes) + " bytes with " + std::to_string(sizes.slots) +
                            " slots of " + std::to_string(sizes.slot_bytes) + " behind " +
                            std::to_string(sizes.control_bytes)};
}

// Refuses what could end in SIGBUS, and sizes whose sum is more than a number holds.
Result<void> check(int fd, const SegmentSizes& sizes) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) {
    return Error{.code = ErrorCode::map, .sys_errno = errno, .operation = "stat of a segment"};
  }
  const int seals = ::fcntl(fd, F_GET_SEALS);
  const bool sealed = seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
  uint64_t slots_bytes = 0, needed = 0;
  const bool fits = !__builtin_mul_overflow(sizes.slots, sizes.slot_bytes, &slots_bytes) &&
                    !__builtin_add_overflow(slots_bytes, sizes.control_bytes, &needed) &&
                    needed <= sizes.size_bytes && sizes.size_bytes <= static_cast<uint64_t>(status.st_size) &&
                    sizes.slots * control_bytes_per_slot <= sizes.control_bytes && sizes.slot_bytes > 0 &&
                    (sizes.control_bytes | sizes.slot_bytes) % slot_alignment == 0;
  if (sealed && fits) return {};
  return refused(status.st_size, sizes, sealed);
}

}  // namespace

Result<std::shared_ptr<Segment>> Segment::map(int fd, const SegmentSizes& sizes, int released) {
  if (auto checked = check(fd, sizes); !checked) return std::move(checked).error();
  void* address = map_aligned(sizes.size_bytes, MAP_SHARED, fd);
  if (address == MAP_FAILED) {
    return Error{.code = ErrorCode::memory,
                 .sys_errno = errno,
                 .operation = "map of " + std::to_string(sizes.size_bytes) + " bytes of shared memory"};
  }
  return std::shared_ptr<Segment>(new Segment(static_cast<std::byte*>(address), sizes, released));
}

Segment::Segment(std::byte* address, const SegmentSizes& sizes, int released)
    : address_(address), sizes_(sizes), released_(released), owner_(::getpid()) {}

Segment::~Segment() { ::munmap(address_, sizes_.size_bytes); }

std::byte* Segment::slot(uint32_t index) const noexcept {
  return address_ + sizes_.control_bytes + index * sizes_.slot_bytes;
}

void Segment::forget() noexcept {
  forgotten_.store(true);
  while (telling_.load() != 0) ::sched_yield();
}

std::atomic_ref<uint32_t> Segment::released_word(uint32_t slot) const noexcept {
  return std::atomic_ref(reinterpret_cast<uint32_t*>(address_)[2 * uint64_t{slot}]);
}

std::atomic_ref<uint32_t> Segment::taken_word(uint32_t slot) const noexcept {
  return std::atomic_ref(reinterpret_cast<uint32_t*>(address_)[2 * uint64_t{slot} + 1]);
}

void Segment::end_lease(uint32_t slot, uint32_t generation) noexcept {
  leases_.fetch_sub(1, std::memory_order_relaxed);
  // A forked child holds none of its parent's leases.
  if (::getpid() != owner_) return;
  telling_.fetch_add(1);
  if (!forgotten_.load()) {
    released_word(slot).store(generation, std::memory_order_release);
    const uint64_t one = 1;
    // A full counter (EAGAIN) is readable all the same, and whoever reads it looks at every lease.
    [[maybe_unused]] const ssize_t written = ::write(released_, &one, sizeof one);
  }
  telling_.fetch_sub(1);
}

SlotLease::SlotLease(std::shared_ptr<Segment> segment, uint32_t slot, uint32_t generation) noexcept
    : segment_(std::move(segment)), slot_(slot), generation_(generation) {
  segment_->leases_.fetch_add(1, std::memory_order_relaxed);
  segment_->taken_word(slot).store(generation, std::memory_order_release);
}

SlotLease::~SlotLease() { segment_->end_lease(slot_, generation_); }

}  // namespace zc::capi
