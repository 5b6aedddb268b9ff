// Gathers the batches of a list of samples in turn: ahead of whoever takes them, by a thread of its own, and by the taker
// itself while that waits.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "gather_memory.h"
#include "row_gatherer.h"

namespace zc::capi {

class GatherAhead {
 public:
  struct Options {
    size_t batch_samples;  // of the last one at most
    size_t ahead;          // batches that may lie ready
    size_t lent_max;       // batches that there may be, those included that were taken and are kept
  };
  struct Batch {
    std::shared_ptr<const GatherMemory::Block> memory;
    BatchLayout layout;
    uint32_t samples = 0;
    double copy_ms = 0;
  };
  enum class Outcome {
    taken,  // or there to be taken
    not_ready,
    no_samples,  // there are none to make it of
    no_room,     // as many batches are kept as there may be
    failed,      // a sample is not in the table, a file was cut short, or there is no memory
  };

  // `rows` outlives it; batches are gathered from what it knows now.
  GatherAhead(const RowGatherer& rows, std::shared_ptr<GatherMemory> memory, Options options);
  // Waits for the batch that is being gathered.
  ~GatherAhead();
  GatherAhead(const GatherAhead&) = delete;
  GatherAhead& operator=(const GatherAhead&) = delete;

  // More samples, of whole batches but for the last one.
  void add(std::span<const int64_t> samples);
  // The next batch, if it is there. In a forked child there is none.
  Outcome take_ready(Batch& taken);
  // Until the next batch is there (`taken`: take it), or cannot be. Gathers batches meanwhile that nobody has begun.
  Outcome wait();
  // Gathers nothing any more and lets go of what was not taken; waits for nothing. No batch follows.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  enum class State { waiting, under_way, done, failed };
  struct Task {
    explicit Task(std::span<const int64_t> numbers) : samples(numbers.begin(), numbers.end()) {}
    std::vector<int64_t> samples;
    State state = State::waiting;
    Batch batch;
  };

  static bool has_ended(const Task& task) { return task.state == State::done || task.state == State::failed; }
  void run();
  void rest(std::unique_lock<std::mutex>& lock, unsigned looks);
  // The first that nobody has begun with, of those that may be begun; null where there is none.
  Task* next_task();
  bool has_room() const { return memory_->lent() < options_.lent_max; }
  // Gathers it while nobody is kept from the others.
  void work(Task& task, std::unique_lock<std::mutex>& lock);
  bool lay_out(Task& task) const;
  bool gather(const Task& task) const;
  Outcome take_front(Batch& taken);

  const RowGatherer& rows_;
  const std::shared_ptr<const RowTable> table_;
  const std::shared_ptr<GatherMemory> memory_;
  const Options options_;
  const pid_t owner_;
  struct Sync {
    std::mutex mutex;
    // There may be something to begin with.
    std::condition_variable wanted;
    // A batch has been gathered, or could not be.
    std::condition_variable ended;
    std::thread thread;
  };
  // A forked child has a copy of it without the thread, which it must not touch, not even to destroy it.
  std::unique_ptr<Sync> sync_ = std::make_unique<Sync>();
  std::deque<Task> tasks_;
  bool stopping_ = false;
  // A taker that wakes the thread waits for that. So the thread looks by itself, twice in the time from one batch to the
  // next, and is woken only where nothing is left that has been begun.
  Clock::time_point taken_at_;
  Clock::duration pause_{};
  // It has looked in vain for a while: whoever takes a batch wakes it.
  bool asleep_ = false;
};

}  // namespace zc::capi
