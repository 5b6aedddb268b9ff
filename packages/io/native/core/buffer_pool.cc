#include "buffer_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "huge_pages.h"
#include "worker_thread.h"

namespace zc {
namespace {

constexpr uint64_t page_bytes = 4096;  // of the layout, whatever the processor's page is
constexpr uint64_t control_word_bytes = 8;
// Each step costs the kernel a word with every processor.
constexpr uint64_t prefault_step_bytes = 8 << 20;
// A slot of more is handed out before all of it has memory, for its lessee would wait 25 ms or more.
constexpr uint64_t awaited_bytes_max = 64 << 20;

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

uint64_t round_up(uint64_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

int make_memfd() {
  // Linux 6.3 wants to be told that the memory is never run; before that the flag is unknown.
  const int fd = ::memfd_create("zc-slots", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd >= 0 || errno != EINVAL) return fd;
  return ::memfd_create("zc-slots", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

Error memory_error(const char* operation) {
  return Error{.code = ErrorCode::memory, .sys_errno = errno, .operation = operation};
}

}  // namespace

struct BufferPool::SegmentState {
  UniqueFd fd;
  uint64_t size_bytes = 0;
  uint64_t control_bytes = 0;
  uint32_t slots = 0;
  std::byte* address = nullptr;
  std::vector<uint32_t> generations;  // of each slot's last lease
  std::vector<bool> leased;
  std::atomic<bool> stop_prefault{false};
  std::atomic<uint64_t> prefaulted{0};  // up to here all has its memory
  std::thread prefault;

  ~SegmentState() {
    stop_prefault.store(true, std::memory_order_relaxed);
    if (prefault.joinable()) prefault.join();
    if (address != nullptr) ::munmap(address, size_bytes);
  }

  // Gives every page its memory before a read needs it, in the order in which the slots are first handed out.
  void run_prefault() {
    bool ask_for_huge = true;
    for (uint64_t at = 0; at < size_bytes && !stop_prefault.load(std::memory_order_relaxed);) {
      const uint64_t step = std::min<uint64_t>(prefault_step_bytes, size_bytes - at);
      ask_for_huge = give_memory(address + at, step, ask_for_huge);
      at += step;
      tell_prefaulted(at);
    }
    tell_prefaulted(size_bytes);
  }

  void tell_prefaulted(uint64_t end) {
    prefaulted.store(end, std::memory_order_release);
    prefaulted.notify_all();
  }

  // What is being read into cannot become huge pages any more, and faults of small ones would take longer.
  void await_prefaulted(const Slot& slot) const {
    const uint64_t end = slot.offset + slot.length;
    if (slot.length > awaited_bytes_max) return;
    for (uint64_t seen; (seen = prefaulted.load(std::memory_order_acquire)) < end;) prefaulted.wait(seen);
  }
};

Result<std::shared_ptr<BufferPool>> BufferPool::create(const Options& options) noexcept {
  constexpr uint64_t slot_bytes_max = uint64_t{1} << 40;
  constexpr uint32_t slots_max = 1 << 20;
  if (options.slot_bytes == 0 || options.slot_bytes > slot_bytes_max || options.slots == 0 ||
      options.slots > slots_max) {
    return Error{.code = ErrorCode::argument,
                 .operation = "a pool of " + std::to_string(options.slots) + " slots of " +
                              std::to_string(options.slot_bytes) + " bytes: neither may be 0 or absurdly large"};
  }
  std::shared_ptr<BufferPool> pool(new BufferPool());
  pool->slot_bytes_ = options.slot_bytes;
  pool->slot_stride_ = round_up(options.slot_bytes);
  pool->max_bytes_ = options.max_bytes;
  if (auto added = pool->add_segment(options.slots); !added) return std::move(added).error();
  return pool;
}

BufferPool::~BufferPool() = default;

// Called with the mutex held, or before anyone else knows the pool.
Result<uint32_t> BufferPool::add_segment(uint32_t slots) noexcept {
  auto segment = std::make_unique<SegmentState>();
  segment->slots = slots;
  segment->control_bytes = round_up(slots * control_word_bytes);
  segment->size_bytes = segment->control_bytes + slots * static_cast<uint64_t>(slot_stride_);
  segment->fd.reset(make_memfd());
  // Where a sandbox forbids memfds the slots serve this process all the same, in memory without a descriptor.
  const bool forbidden = !segment->fd && (errno == ENOSYS || errno == EPERM || errno == EACCES);
  if (!segment->fd && !forbidden) return memory_error("memfd_create for a segment of slots");
  if (segment->fd && ::ftruncate(segment->fd.get(), static_cast<off_t>(segment->size_bytes)) != 0) {
    return memory_error("sizing a segment of slots");
  }
  // Whoever receives the descriptor may rely on the size: a mapping of it can never meet a SIGBUS.
  if (segment->fd && ::fcntl(segment->fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return memory_error("sealing a segment of slots");
  }
  void* address = map_aligned(segment->size_bytes, forbidden ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, segment->fd.get());
  if (address == MAP_FAILED) return memory_error("mapping a segment of slots");
  segment->address = static_cast<std::byte*>(address);
  segment->generations.assign(slots, 0);
  segment->leased.assign(slots, false);
  segment->prefault = start_worker("zc-prefault", [state = segment.get()] { state->run_prefault(); });
  if (!segment->prefault.joinable()) segment->tell_prefaulted(segment->size_bytes);

  const uint64_t number = segments_.size();
  for (uint32_t index = slots; index-- > 0;) free_.push_back(number << 32 | index);
  capacity_ += slots;
  total_bytes_ += segment->size_bytes;
  segments_.push_back(std::move(segment));
  return slots;
}

std::optional<Slot> BufferPool::acquire() noexcept {
  std::unique_lock lock(mutex_);
  if (free_.empty()) return std::nullopt;
  const uint64_t place = free_.back();
  free_.pop_back();
  Slot slot;
  slot.segment = static_cast<uint32_t>(place >> 32);
  slot.index = static_cast<uint32_t>(place);
  SegmentState& segment = *segments_[slot.segment];
  uint32_t& generation = segment.generations[slot.index];
  if (++generation == 0) generation = 1;
  segment.leased[slot.index] = true;
  leased_++;
  slot.generation = generation;
  slot.offset = segment.control_bytes + slot.index * static_cast<uint64_t>(slot_stride_);
  slot.data = segment.address + slot.offset;
  slot.length = slot_bytes_;
  lock.unlock();
  segment.await_prefaulted(slot);
  return slot;
}

bool BufferPool::release(uint32_t segment, uint32_t index, uint32_t generation) noexcept {
  const std::lock_guard lock(mutex_);
  if (segment >= segments_.size() || index >= segments_[segment]->slots) return false;
  SegmentState& state = *segments_[segment];
  if (!state.leased[index] || state.generations[index] != generation) return false;
  state.leased[index] = false;
  leased_--;
  free_.push_back(uint64_t{segment} << 32 | index);
  return true;
}

Result<uint32_t> BufferPool::grow(uint32_t slots) noexcept {
  const std::lock_guard lock(mutex_);
  if (slots == 0) slots = std::max(1u, segments_.front()->slots / 2);
  const uint64_t room = max_bytes_ > total_bytes_ ? max_bytes_ - total_bytes_ : 0;
  const uint64_t fitting = room > page_bytes ? (room - page_bytes) / (slot_stride_ + control_word_bytes) : 0;
  slots = static_cast<uint32_t>(std::min<uint64_t>(slots, fitting));
  if (slots == 0) {
    return Error{.code = ErrorCode::memory_budget,
                 .operation = "growing a pool of " + std::to_string(capacity_) + " slots of " +
                              std::to_string(slot_bytes_) + " bytes, " + std::to_string(leased_) + " of them leased",
                 .expected = static_cast<int64_t>(max_bytes_),
                 .actual = static_cast<int64_t>(total_bytes_ + slot_stride_ + page_bytes)};
  }
  return add_segment(slots);
}

uint32_t BufferPool::released_generation(uint32_t segment, uint32_t index) const noexcept {
  const std::lock_guard lock(mutex_);
  if (segment >= segments_.size() || index >= segments_[segment]->slots) return 0;
  auto* word = reinterpret_cast<uint32_t*>(segments_[segment]->address + index * control_word_bytes);
  return std::atomic_ref<uint32_t>(*word).load(std::memory_order_acquire);
}

uint32_t BufferPool::leased() const noexcept {
  const std::lock_guard lock(mutex_);
  return leased_;
}

uint32_t BufferPool::capacity() const noexcept {
  const std::lock_guard lock(mutex_);
  return capacity_;
}

uint64_t BufferPool::total_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return total_bytes_;
}

std::vector<BufferPool::Segment> BufferPool::segments() const {
  const std::lock_guard lock(mutex_);
  std::vector<Segment> list;
  for (const auto& segment : segments_) {
    list.push_back({segment->fd.get(), segment->size_bytes, segment->control_bytes, segment->slots,
                    segment->address});
  }
  return list;
}

}  // namespace zc
