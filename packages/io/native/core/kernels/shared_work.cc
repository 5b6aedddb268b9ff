#include "shared_work.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace zc {
namespace {

// Helpers may come late, when everything is done: they then find no unit left and touch nothing but this.
struct Shared {
  const std::function<Result<void>(size_t)>* work = nullptr;  // valid until `done` is `units`
  size_t units = 0;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::condition_variable all_done;
  size_t done = 0;                 // under mutex, as is what follows
  size_t failed_unit = SIZE_MAX;
  Error error;

  void take_units() {
    for (size_t unit = next++; unit < units; unit = next++) {
      Result<void> result = (*work)(unit);
      const std::lock_guard lock(mutex);
      if (!result.ok() && unit < failed_unit) {
        failed_unit = unit;
        error = std::move(result).error();
      }
      if (++done == units) all_done.notify_all();
    }
  }
};

}  // namespace

Result<void> share_work(ThreadPool* pool, size_t units, const std::function<Result<void>(size_t)>& work) {
  const auto shared = std::make_shared<Shared>();
  shared->work = &work;
  shared->units = units;
  const size_t helpers = pool == nullptr || units < 2 ? 0 : std::min<size_t>(pool->size(), units - 1);
  std::vector<ThreadPool::Task> tasks(helpers, [shared] { shared->take_units(); });
  if (pool != nullptr) pool->push_all(std::move(tasks));
  shared->take_units();
  std::unique_lock lock(shared->mutex);
  shared->all_done.wait(lock, [&] { return shared->done == units; });
  if (shared->failed_unit == SIZE_MAX) return {};
  return shared->error;
}

}  // namespace zc
