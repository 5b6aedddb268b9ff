#include "gather_ahead.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace zc::capi {
namespace {

constexpr std::chrono::microseconds pause_min(50);
constexpr std::chrono::milliseconds pause_max(100);
// Each takes twice as long as the one before.
constexpr unsigned looks_max = 4;

}  // namespace

GatherAhead::GatherAhead(const RowGatherer& rows, std::shared_ptr<GatherMemory> memory, Options options)
    : rows_(rows),
      table_(rows.table()),
      memory_(std::move(memory)),
      options_(options),
      owner_(::getpid()) {
  sync_->thread = std::thread([this] { run(); });
}

GatherAhead::~GatherAhead() {
  if (::getpid() != owner_) {
    sync_.release();
    return;
  }
  end();
  sync_->thread.join();
}

void GatherAhead::end() {
  if (::getpid() != owner_) return;
  {
    const std::lock_guard lock(sync_->mutex);
    stopping_ = true;
    for (Task& task : tasks_) {
      if (task.state == State::under_way) continue;
      task.state = State::failed;
      task.batch = {};
    }
  }
  sync_->wanted.notify_one();
}

void GatherAhead::add(std::span<const int64_t> samples) {
  {
    const std::lock_guard lock(sync_->mutex);
    while (!samples.empty()) {
      const size_t count = std::min(options_.batch_samples, samples.size());
      tasks_.emplace_back(samples.first(count));
      samples = samples.subspan(count);
    }
  }
  sync_->wanted.notify_one();
}

GatherAhead::Outcome GatherAhead::take_ready(Batch& taken) {
  if (::getpid() != owner_) return Outcome::failed;
  const std::lock_guard lock(sync_->mutex);
  return tasks_.empty() || has_ended(tasks_.front()) ? take_front(taken) : Outcome::not_ready;
}

GatherAhead::Outcome GatherAhead::wait() {
  std::unique_lock lock(sync_->mutex);
  while (!tasks_.empty() && !has_ended(tasks_.front())) {
    if (Task* const task = next_task(); task != nullptr) {
      work(*task, lock);
    } else if (tasks_.front().state == State::waiting) {
      return Outcome::no_room;
    } else {
      sync_->ended.wait(lock);
    }
  }
  return tasks_.empty() ? Outcome::no_samples : Outcome::taken;
}

GatherAhead::Outcome GatherAhead::take_front(Batch& taken) {
  if (tasks_.empty()) return Outcome::no_samples;
  if (tasks_.front().state == State::failed) return Outcome::failed;
  taken = std::move(tasks_.front().batch);
  tasks_.pop_front();
  const auto now = Clock::now();
  pause_ = std::clamp<Clock::duration>((now - taken_at_) / 2, pause_min, pause_max);
  taken_at_ = now;
  const bool is_late = !tasks_.empty() && tasks_.front().state == State::waiting;
  if (asleep_ || is_late) sync_->wanted.notify_one();
  return Outcome::taken;
}

void GatherAhead::run() {
  std::unique_lock lock(sync_->mutex);
  for (unsigned looks = 0; !stopping_;) {
    if (Task* const task = next_task(); task != nullptr) {
      work(*task, lock);
      looks = 0;
    } else {
      rest(lock, looks);
      looks = asleep_ ? 0 : looks + 1;
      asleep_ = false;
    }
  }
}

void GatherAhead::rest(std::unique_lock<std::mutex>& lock, unsigned looks) {
  asleep_ = tasks_.empty() || looks == looks_max;
  if (asleep_) {
    sync_->wanted.wait(lock);
  } else {
    sync_->wanted.wait_for(lock, pause_ * (1u << looks));
  }
}

GatherAhead::Task* GatherAhead::next_task() {
  if (stopping_ || !has_room()) return nullptr;
  const auto end = tasks_.begin() + static_cast<std::ptrdiff_t>(std::min(options_.ahead, tasks_.size()));
  const auto found = std::find_if(tasks_.begin(), end, [](const Task& task) { return task.state == State::waiting; });
  return found == end ? nullptr : &*found;
}

void GatherAhead::work(Task& task, std::unique_lock<std::mutex>& lock) {
  // Before others look for room.
  const bool is_laid_out = lay_out(task);
  task.state = State::under_way;
  lock.unlock();
  const auto begin = Clock::now();
  const bool is_gathered = is_laid_out && gather(task);
  task.batch.copy_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  lock.lock();
  task.state = is_gathered && !stopping_ ? State::done : State::failed;
  if (stopping_) task.batch = {};
  sync_->ended.notify_all();
}

bool GatherAhead::lay_out(Task& task) const {
  try {
    auto layout = rows_.layout(task.samples.size());
    if (!layout) return false;
    task.batch.memory = memory_->take(layout->bytes);
    task.batch.layout = std::move(*layout);
    task.batch.samples = static_cast<uint32_t>(task.samples.size());
    return task.batch.memory != nullptr;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool GatherAhead::gather(const Task& task) const {
  try {
    std::vector<RowTable::Source> sources;
    sources.reserve(task.samples.size());
    return table_->find(task.samples, sources) &&
           rows_.gather(sources, task.samples, task.batch.layout, task.batch.memory->address());
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace zc::capi
