#include "gather_ahead.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace zc::capi {
namespace {

constexpr std::chrono::microseconds pause_min(50);
constexpr std::chrono::milliseconds pause_max(5);

}  // namespace

GatherAhead::GatherAhead(const RowGatherer& rows, std::shared_ptr<GatherMemory> memory, Options options)
    : rows_(rows),
      table_(rows.table()),
      memory_(std::move(memory)),
      options_(options),
      owner_(::getpid()),
      thread_([this] { run(); }) {}

GatherAhead::~GatherAhead() {
  if (::getpid() != owner_) {
    // The thread has stayed in the process that this one was forked from, and may have held the lock.
    thread_.detach();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_one();
  thread_.join();
}

void GatherAhead::add(std::span<const int64_t> samples) {
  {
    const std::lock_guard lock(mutex_);
    while (!samples.empty()) {
      const size_t count = std::min(options_.batch_samples, samples.size());
      tasks_.emplace_back(samples.first(count));
      samples = samples.subspan(count);
    }
  }
  wanted_.notify_one();
}

GatherAhead::Outcome GatherAhead::take_ready(Batch& taken) {
  const std::lock_guard lock(mutex_);
  return tasks_.empty() || has_ended(tasks_.front()) ? take_front(taken) : Outcome::not_ready;
}

GatherAhead::Outcome GatherAhead::take(Batch& taken) {
  std::unique_lock lock(mutex_);
  while (!tasks_.empty() && !has_ended(tasks_.front())) {
    if (Task* const task = next_task(); task != nullptr) {
      work(*task, lock);
    } else if (tasks_.front().state == State::waiting) {
      return Outcome::no_room;
    } else {
      ended_.wait(lock);
    }
  }
  return take_front(taken);
}

GatherAhead::Outcome GatherAhead::take_front(Batch& taken) {
  if (tasks_.empty()) return Outcome::no_samples;
  if (tasks_.front().state == State::failed) return Outcome::failed;
  taken = std::move(tasks_.front().batch);
  tasks_.pop_front();
  const auto now = Clock::now();
  pause_ = std::clamp<Clock::duration>((now - taken_at_) / 2, pause_min, pause_max);
  taken_at_ = now;
  if (!tasks_.empty() && tasks_.front().state == State::waiting) wanted_.notify_one();
  return Outcome::taken;
}

void GatherAhead::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (Task* const task = next_task(); task != nullptr) {
      work(*task, lock);
    } else {
      wanted_.wait_for(lock, tasks_.empty() ? pause_max : pause_);
    }
  }
}

GatherAhead::Task* GatherAhead::next_task() {
  if (!has_room()) return nullptr;
  const auto end = tasks_.begin() + static_cast<std::ptrdiff_t>(std::min(options_.ahead, tasks_.size()));
  const auto found = std::find_if(tasks_.begin(), end, [](const Task& task) { return task.state == State::waiting; });
  return found == end ? nullptr : &*found;
}

void GatherAhead::work(Task& task, std::unique_lock<std::mutex>& lock) {
  task.state = State::under_way;
  lock.unlock();
  const auto begin = Clock::now();
  const bool gathered = gather(task);
  task.batch.copy_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  lock.lock();
  task.state = gathered ? State::done : State::failed;
  ended_.notify_all();
}

bool GatherAhead::gather(Task& task) const {
  auto layout = rows_.layout(task.samples.size());
  std::vector<RowTable::Source> sources;
  sources.reserve(task.samples.size());
  if (!layout || !table_->find(task.samples, sources)) return false;
  task.batch.memory = memory_->take(layout->bytes);
  if (task.batch.memory == nullptr) return false;
  task.batch.layout = std::move(*layout);
  task.batch.samples = static_cast<uint32_t>(task.samples.size());
  return rows_.gather(sources, task.samples, task.batch.layout, task.batch.memory->address());
}

}  // namespace zc::capi
