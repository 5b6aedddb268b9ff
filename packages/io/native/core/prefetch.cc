// Reading ahead into the page cache.
#include <algorithm>

#include "engine_core.h"

namespace zc {
namespace {

// What is waited for at once, and how much the kernel is asked for ahead of it.
constexpr uint64_t stretch_bytes = 2 << 20;
constexpr uint64_t ahead_bytes = 8 << 20;

std::vector<FileRange> stretches_of(std::span<const FileRange> ranges) {
  std::vector<FileRange> stretches;
  for (const auto& [offset, length] : ranges) {
    for (uint64_t done = 0; done < length; done += stretch_bytes) {
      stretches.push_back({offset + done, std::min(stretch_bytes, length - done)});
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
  const auto stretches = stretches_of(ranges);
  uint64_t ahead = 0;  // bytes asked for and not waited for
  size_t asked = 0;
  for (const FileRange& stretch : stretches) {
    if (batch.stopped.load(std::memory_order_acquire)) break;
    for (; asked < stretches.size() && ahead < ahead_bytes; asked++) {
      const auto& [offset, length] = stretches[asked];
      if (auto advised = map.advise(offset, length, Advice::willneed); !advised) return advised;
      ahead += length;
    }
    if (auto populated = map.populate(stretch.offset, stretch.length); !populated) {
      Error error = std::move(populated).error();
      if (error.offset < 0) error.offset = static_cast<int64_t>(stretch.offset);
      return error;
    }
    ahead -= stretch.length;
    batch.bytes_resident.fetch_add(stretch.length, std::memory_order_relaxed);
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
  if (prefetcher_ == nullptr) prefetcher_ = std::make_unique<ThreadPool>("zc-prefetch", 2);
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
