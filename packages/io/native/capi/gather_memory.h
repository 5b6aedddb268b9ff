// Memory that batches are gathered into.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace zc::capi {

// Page-aligned memory, used again once its last holder has let go of it: a fresh page costs more than what is copied
// into it. Threads may share it; a forked child has copies.
class GatherMemory : public std::enable_shared_from_this<GatherMemory> {
 public:
  // Memory that is its holder's own.
  class Block {
   public:
    Block(std::byte* address, size_t bytes) : address_(address), bytes_(bytes) {}
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    ~Block();
    std::byte* address() const { return address_; }
    size_t bytes() const { return bytes_; }

   private:
    std::byte* address_;
    size_t bytes_;
  };

  // Memory of so many bytes or more, whatever lies in it; null where there is none.
  std::shared_ptr<const Block> take(size_t bytes);
  // Blocks that have not come back.
  size_t lent() const { return lent_.load(std::memory_order_relaxed); }

 private:
  void give_back(Block block);
  // Never waited for: a process may be forked while another thread holds it, and what cannot be had or kept for that
  // reason is mapped anew or unmapped.
  std::mutex mutex_;
  std::vector<Block> idle_;
  std::atomic<size_t> lent_ = 0;
};

}  // namespace zc::capi
