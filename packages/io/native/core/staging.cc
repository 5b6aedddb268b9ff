#include "staging.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

namespace zc {

StagingPool::~StagingPool() {
  for (auto& [capacity, buffers] : free_) {
    for (std::byte* data : buffers) ::munmap(data, capacity);
  }
}

std::optional<StagingPool::Buffer> StagingPool::acquire(size_t bytes) noexcept {
  constexpr size_t capacity_min = 16 << 10;
  const size_t capacity = std::bit_ceil(std::max(bytes, capacity_min));
  auto& fitting = free_[capacity];
  if (!fitting.empty()) {
    const Buffer buffer{fitting.back(), capacity};
    fitting.pop_back();
    out_bytes_ += capacity;
    return buffer;
  }
  if (total_bytes_ + capacity > max_bytes_) drop_free_buffers(capacity);
  if (total_bytes_ + capacity > max_bytes_ && out_bytes_ > 0) return std::nullopt;
  void* data = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return std::nullopt;
  total_bytes_ += capacity;
  out_bytes_ += capacity;
  return Buffer{static_cast<std::byte*>(data), capacity};
}

void StagingPool::release(Buffer buffer) noexcept {
  out_bytes_ -= buffer.capacity;
  if (total_bytes_ > max_bytes_) {
    total_bytes_ -= buffer.capacity;
    ::munmap(buffer.data, buffer.capacity);
  } else {
    free_[buffer.capacity].push_back(buffer.data);
  }
}

// Unmaps free buffers of other sizes until `wanted_bytes` more fit the bound, or none is left.
void StagingPool::drop_free_buffers(uint64_t wanted_bytes) noexcept {
  for (auto& [capacity, buffers] : free_) {
    while (!buffers.empty() && total_bytes_ + wanted_bytes > max_bytes_) {
      ::munmap(buffers.back(), capacity);
      buffers.pop_back();
      total_bytes_ -= capacity;
    }
  }
}

}  // namespace zc
