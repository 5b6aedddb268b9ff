// Reading ahead into the page cache.
#include <algorithm>

#include "engine_core.h"
#include "huge_pages.h"

namespace zc {
namespace {

// What the kernel is asked for ahead of what is waited for.
constexpr uint64_t ahead_bytes = 8 << 20;
// What a short range takes of that.
constexpr uint64_t page_bytes = 4096;
// Threads that wait for the device, each for one stretch.
constexpr uint32_t threads = 4;

// What is waited for at once: the parts that the ranges have in each huge page of the file.
std::vector<FileRange> stretches_of(std::span<const FileRange> ranges) {
  std::vector<FileRange> stretches;
  for (const auto& [offset, length] : ranges) {
    for (uint64_t at = offset; at < offset + length;) {
      const uint64_t end = std::min(offset + length, (at / huge_page_bytes + 1) * huge_page_bytes);
      stretches.push_back({at, end - at});
      at = end;
    }
  }
  return stretches;
}

// Waiting by MADV_POPULATE_READ copies nothing, meets the errors of the device, and leaves the map ready for the
// gather that follows.
Result<void> prefetch_ranges(Batch& batch, EngineFile& file, std::span<const FileRange> ranges) {
  auto mapped = file.map();
  if (!mapped) return std::move(mapped).error();
  MappedFile& map = *mapped.value();
  const bool in_huge_pages = file.reads_in_huge_pages();
  const auto stretches = stretches_of(ranges);
  size_t asked = 0;
  uint64_t asked_bytes = 0;
  uint64_t done_bytes = 0;
  for (size_t i = 0; i < stretches.size(); i++) {
    if (batch.stopped.load(std::memory_order_acquire)) break;
    for (; asked < stretches.size() && (asked == i || asked_bytes - done_bytes < ahead_bytes); asked++) {
      const auto& [offset, length] = stretches[asked];
      asked_bytes += std::max(length, page_bytes);
      // Read as one page, by one request, when it is waited for. Asking would take a page for each 4 KiB of it: ten
      // times the processor's time.
      if (in_huge_pages && length == huge_page_bytes) continue;
      if (auto advised = map.advise(offset, length, Advice::willneed); !advised) return advised;
    }
    const auto& [offset, length] = stretches[i];
    if (auto populated = map.populate(offset, length); !populated) {
      Error error = std::move(populated).error();
      if (error.offset < 0) error.offset = static_cast<int64_t>(offset);
      return error;
    }
    done_bytes += std::max(length, page_bytes);
    batch.bytes_resident.fetch_add(length, std::memory_order_relaxed);
  }
  return {};
}

}  // namespace

bool EngineCore::start_prefetch(std::shared_ptr<Batch> shared, std::shared_ptr<EngineFile> file,
                                std::vector<FileRange> ranges) {
  Batch& batch = *shared;
  batch.pending.store(1, std::memory_order_relaxed);
  if (!enter(shared)) return false;
  auto task = [this, &batch, file = std::move(file), ranges = std::move(ranges)]() mutable {
    run_prefetch(batch, std::move(file), ranges);
  };
  const std::lock_guard lock(mutex_);
  if (prefetcher_ == nullptr) prefetcher_ = std::make_unique<ThreadPool>("zc-prefetch", threads);
  if (prefetcher_->size() == 0) {
    // No thread of its own to be had: the helpers do it, though copies wait behind it.
    prefetcher_ = nullptr;
    helpers_.push(std::move(task));
    return true;
  }
  prefetcher_->push(std::move(task));
  return true;
}

// On the prefetch thread, which may block.
void EngineCore::run_prefetch(Batch& batch, std::shared_ptr<EngineFile> file, std::span<const FileRange> ranges) {
  auto result = prefetch_ranges(batch, *file, ranges);
  if (!result) batch.fail(std::move(result).error());
  // Whoever hears of the completion and closes the file finds it closed.
  file.reset();
  done(batch, 1);
}

}  // namespace zc
