#include "staging.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "huge_pages.h"

namespace zc {
namespace {

constexpr size_t capacity_min = 16 << 10;
// A chunk takes up to this part of the bound, so that several sizes have room.
constexpr uint64_t chunks_min = 16;

}  // namespace

StagingPool::StagingPool(uint64_t max_bytes)
    : max_bytes_(max_bytes), chunk_bytes_min_(max_bytes >= chunks_min * huge_page_bytes ? huge_page_bytes : 0) {}

StagingPool::~StagingPool() {
  for (const auto& [data, chunk] : chunks_) ::munmap(data, chunk.bytes);
}

std::optional<StagingPool::Buffer> StagingPool::acquire(size_t bytes) noexcept {
  const size_t capacity = std::bit_ceil(std::max(bytes, capacity_min));
  auto& fitting = free_[capacity];
  if (fitting.empty() && !add_chunk(capacity)) return std::nullopt;
  const Buffer buffer{fitting.back(), capacity};
  fitting.pop_back();
  chunk_of(buffer.data)->second.out++;
  out_bytes_ += capacity;
  return buffer;
}

void StagingPool::release(Buffer buffer) noexcept {
  const auto chunk = chunk_of(buffer.data);
  out_bytes_ -= buffer.capacity;
  chunk->second.out--;
  free_[buffer.capacity].push_back(buffer.data);
  if (total_bytes_ > max_bytes_ && chunk->second.out == 0) drop(chunk);
}

bool StagingPool::add_chunk(size_t capacity) noexcept {
  const size_t bytes = std::max(capacity, chunk_bytes_min_);
  if (total_bytes_ + bytes > max_bytes_) drop_free_chunks(bytes);
  if (total_bytes_ + bytes > max_bytes_ && out_bytes_ > 0) return false;
  void* address = map_aligned(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (address == MAP_FAILED) return false;
  if (bytes >= huge_page_bytes) ::madvise(address, bytes, MADV_HUGEPAGE);
  auto* data = static_cast<std::byte*>(address);
  chunks_[data] = {.bytes = bytes, .capacity = capacity};
  for (size_t at = bytes; at > 0; at -= capacity) free_[capacity].push_back(data + at - capacity);
  total_bytes_ += bytes;
  return true;
}

// Unmaps chunks that are wholly free until `wanted_bytes` more fit the bound, or none is left.
void StagingPool::drop_free_chunks(uint64_t wanted_bytes) noexcept {
  for (auto chunk = chunks_.begin(); chunk != chunks_.end() && total_bytes_ + wanted_bytes > max_bytes_;) {
    const auto next = std::next(chunk);
    if (chunk->second.out == 0) drop(chunk);
    chunk = next;
  }
}

void StagingPool::drop(std::map<std::byte*, Chunk>::iterator chunk) noexcept {
  const auto& [data, about] = *chunk;
  std::erase_if(free_[about.capacity],
                [&](const std::byte* buffer) { return data <= buffer && buffer < data + about.bytes; });
  ::munmap(data, about.bytes);
  total_bytes_ -= about.bytes;
  chunks_.erase(chunk);
}

std::map<std::byte*, StagingPool::Chunk>::iterator StagingPool::chunk_of(const std::byte* data) noexcept {
  return std::prev(chunks_.upper_bound(const_cast<std::byte*>(data)));
}

}  // namespace zc
