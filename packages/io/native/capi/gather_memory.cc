#include "gather_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "../core/huge_pages.h"

namespace zc::capi {
namespace {

constexpr size_t page_bytes = 4096;
// Blocks kept for reuse, and how much larger than what is asked for one may be.
constexpr size_t idle_max = 4;
constexpr size_t slack = 4;

bool serves(size_t has, size_t wanted) { return wanted <= has && has / slack <= std::max(wanted, page_bytes / slack); }

}  // namespace

GatherMemory::Block::Block(Block&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), bytes_(other.bytes_) {}

GatherMemory::Block& GatherMemory::Block::operator=(Block&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

GatherMemory::Block::~Block() {
  if (address_ != nullptr) ::munmap(address_, bytes_);
}

std::shared_ptr<const GatherMemory::Block> GatherMemory::take(size_t bytes) {
  std::optional<Block> found;
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) {
    // The one that was given back last is the likeliest to lie in the processor's cache.
    const auto last = std::find_if(idle_.rbegin(), idle_.rend(),
                                   [bytes](const Block& block) { return serves(block.bytes(), bytes); });
    if (last != idle_.rend()) {
      found.emplace(std::move(*last));
      idle_.erase(std::next(last).base());
    }
  }
  if (!found) {
    if (bytes > SIZE_MAX - page_bytes) return nullptr;
    const size_t rounded = (std::max<size_t>(bytes, 1) + page_bytes - 1) / page_bytes * page_bytes;
    void* mapped = map_aligned(rounded, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (mapped == MAP_FAILED) return nullptr;
    // Refused only where the kernel has none.
    if (rounded >= huge_page_bytes) ::madvise(mapped, rounded, MADV_HUGEPAGE);
    found.emplace(static_cast<std::byte*>(mapped), rounded);
  }
  lent_.fetch_add(1, std::memory_order_relaxed);
  auto giving_back = [home = shared_from_this()](Block* block) {
    const std::unique_ptr<Block> held(block);
    home->give_back(std::move(*held));
  };
  return {std::make_unique<Block>(std::move(*found)).release(), std::move(giving_back)};
}

void GatherMemory::give_back(Block block) {
  lent_.fetch_sub(1, std::memory_order_relaxed);
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  if (idle_.size() == idle_max) idle_.erase(idle_.begin());
  idle_.push_back(std::move(block));
}

}  // namespace zc::capi
