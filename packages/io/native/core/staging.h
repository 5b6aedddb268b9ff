// Aligned buffers for reads that cannot land in the slot, recycled and bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace zc {

// Not thread-safe. Buffers are page-aligned and come in powers of two, so that a few sizes serve all reads. Those of
// one size are cut out of chunks, which lie in huge pages where the system gives them.
class StagingPool {
 public:
  struct Buffer {
    std::byte* data = nullptr;
    size_t capacity = 0;
  };

  explicit StagingPool(uint64_t max_bytes);
  StagingPool(const StagingPool&) = delete;
  StagingPool& operator=(const StagingPool&) = delete;
  // Every buffer must have come back.
  ~StagingPool();

  // Nothing when the bound is reached: wait for a release. With no buffer out, the bound does not hold, so that
  // a read larger than it still gets one; nothing then means that the system has no memory.
  std::optional<Buffer> acquire(size_t bytes) noexcept;
  void release(Buffer buffer) noexcept;

  uint64_t total_bytes() const noexcept { return total_bytes_; }
  bool idle() const noexcept { return out_bytes_ == 0; }

 private:
  struct Chunk {
    size_t bytes = 0;
    size_t capacity = 0;  // of each of its buffers
    size_t out = 0;       // buffers that were acquired
  };

  bool add_chunk(size_t capacity) noexcept;
  void drop_free_chunks(uint64_t wanted_bytes) noexcept;
  void drop(std::map<std::byte*, Chunk>::iterator chunk) noexcept;
  std::map<std::byte*, Chunk>::iterator chunk_of(const std::byte* data) noexcept;

  const uint64_t max_bytes_;
  const size_t chunk_bytes_min_;
  uint64_t total_bytes_ = 0;
  uint64_t out_bytes_ = 0;
  std::map<std::byte*, Chunk> chunks_;              // by address
  std::map<size_t, std::vector<std::byte*>> free_;  // by capacity
};

}  // namespace zc
