#include "engine_core.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace zc {
namespace {

// A helper's task is a stretch of extents: long enough that handing it over costs nothing beside it, short
// enough that other work gets its turn and several helpers share a batch.
constexpr uint64_t task_bytes = 512 << 10;
constexpr size_t task_extents = 256;

uint32_t helper_count(uint32_t asked) {
  if (asked != 0) return asked;
  const uint32_t processors = std::max(1u, std::thread::hardware_concurrency());
  return processors <= 2 ? 1 : std::clamp(processors / 4, 2u, 4u);
}

// A ring's thread does what takes about 2 us, so that it is soon with the ring again. Where there is one helper, for
// there are two processors or fewer, the other one is the program's: then a helper would not work beside the ring's
// thread but in turns with it, and handing over costs more than it gains.
uint64_t inline_bytes(uint32_t helpers) { return helpers == 1 ? 256 << 10 : 16 << 10; }

// Calls `each(first, count)` for the stretches of `indices`.
template <typename Each>
void split(const Batch& batch, const std::vector<uint32_t>& indices, Each&& each) {
  size_t first = 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < indices.size(); i++) {
    bytes += batch.plan.extents[indices[i]].length;
    if (bytes >= task_bytes || i + 1 - first >= task_extents || i + 1 == indices.size()) {
      each(first, i + 1 - first);
      first = i + 1;
      bytes = 0;
    }
  }
}

}  // namespace

EngineCore::EngineCore(std::unique_ptr<ReadBackend> backend, const ReadEngine::Options& options)
    : inline_bytes_max_(inline_bytes(helper_count(options.helpers))),
      staging_(options.max_staging_bytes),
      helpers_("zc-copy", helper_count(options.helpers)),
      backend_(std::move(backend)) {}

EngineCore::~EngineCore() = default;

bool EngineCore::enter(const std::shared_ptr<Batch>& batch) {
  const std::lock_guard lock(mutex_);
  if (closing_) return false;
  batches_.emplace(batch->number, batch);
  return true;
}

bool EngineCore::start(std::shared_ptr<Batch> shared) {
  Batch& batch = *shared;
  const auto extents = static_cast<uint32_t>(batch.plan.extents.size());
  for (uint32_t i = 0; i < extents; i++) {
    switch (batch.plan.extents[i].way) {
      case ReadWay::mapped_copy: batch.to_copy.push_back(i); break;
      case ReadWay::auto_direct:
      case ReadWay::auto_buffered: batch.to_probe.push_back(i); break;
      case ReadWay::direct:
      case ReadWay::buffered: batch.to_read.push_back(i); break;
    }
  }

  // Each task holds a unit of its own besides its extents', and so may touch the batch to its end.
  std::vector<ThreadPool::Task> tasks;
  split(batch, batch.to_probe, [&](size_t first, size_t count) {
    tasks.push_back([this, &batch, first, count] {
      probe_extents(batch, Indices(batch.to_probe).subspan(first, count));
    });
  });
  split(batch, batch.to_copy, [&](size_t first, size_t count) {
    tasks.push_back([this, &batch, first, count] {
      copy_extents(batch, Indices(batch.to_copy).subspan(first, count), 1);
    });
  });
  const bool reads = !batch.to_read.empty();
  if (extents == 0) tasks.push_back([this, &batch] { done(batch, 1); });
  batch.pending.store(extents + static_cast<uint32_t>(tasks.size()) + (reads ? 1 : 0), std::memory_order_relaxed);

  if (!enter(shared)) return false;
  if (reads) backend_->post([this, &batch] { start_reads(batch, batch.to_read); });
  helpers_.push_all(std::move(tasks));
  return true;
}

void EngineCore::done(Batch& batch, uint32_t units) {
  if (batch.pending.fetch_sub(units, std::memory_order_acq_rel) == units) finish(batch);
}

void EngineCore::finish(Batch& batch) {
  ReadOutcome outcome;
  bool cancelled;
  {
    const std::lock_guard lock(mutex_);
    cancelled = batch.cancelled;
    batch.finishing = true;  // From here on there is nothing to cancel, though close() still waits.
    // Before the completion, so that whoever was told sees it counted.
    batches_done_++;
    finishing_++;
  }
  outcome.counts = {batch.bytes_direct.load(), batch.bytes_staged.load(), batch.bytes_copied.load(),
                    batch.bytes_resident.load()};
  outcome.times = {batch.read_ns.load(), batch.check_ns.load(), batch.copy_ns.load()};
  if (cancelled) {
    outcome.error = Error{.code = ErrorCode::aborted, .operation = "the batch was cancelled"};
  } else {
    const std::lock_guard lock(batch.error_mutex);
    outcome.ok = !batch.failed;
    outcome.error = std::move(batch.error);
    if (outcome.ok) outcome.failures = std::move(batch.failures);
  }
  batch.completion(std::move(outcome));
  batch.completion = nullptr;
  batch.target.keep_alive.reset();

  std::shared_ptr<Batch> last;
  {
    const std::lock_guard lock(mutex_);
    const auto mine = batches_.find(batch.number);
    last = std::move(mine->second);
    batches_.erase(mine);
    finishing_--;
    // Under the lock: once it is free, a closing thread may end this object.
    if (batches_.empty()) emptied_.notify_all();
  }
}

uint64_t EngineCore::next_number() {
  const std::lock_guard lock(mutex_);
  return ++last_number_;
}

bool EngineCore::cancel(uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = batches_.find(number);
  if (found == batches_.end() || found->second->finishing) return false;
  found->second->cancelled = true;
  found->second->stopped.store(true, std::memory_order_release);
  return true;
}

bool EngineCore::drain(uint32_t timeout_ms) {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (auto& [number, batch] : batches_) {
      batch->cancelled = true;
      batch->stopped.store(true, std::memory_order_release);
    }
    if (batches_.empty()) return true;
  }
  backend_->cancel_all();
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return batches_.empty(); });
}

ReadEngineStats EngineCore::stats() const {
  ReadEngineStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats.batches_in_flight = batches_.size() - finishing_;
    stats.batches_done = batches_done_;
  }
  stats.reads = reads_.load(std::memory_order_relaxed);
  stats.reads_direct = reads_direct_.load(std::memory_order_relaxed);
  stats.bytes_read = bytes_read_.load(std::memory_order_relaxed);
  stats.bytes_from_map = bytes_from_map_.load(std::memory_order_relaxed);
  {
    const std::lock_guard lock(staging_mutex_);
    stats.staging_bytes = staging_.total_bytes();
  }
  stats.direct_refused = direct_refused_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace zc
