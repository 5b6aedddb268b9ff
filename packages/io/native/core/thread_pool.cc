#include "thread_pool.h"

#include <utility>

#include "worker_thread.h"

namespace zc {

ThreadPool::ThreadPool(const std::string& name, uint32_t threads) {
  for (uint32_t i = 0; i < threads; i++) {
    std::thread thread = start_worker(name + "-" + std::to_string(i), [this] { run(); });
    if (!thread.joinable()) return;
    threads_.push_back(std::move(thread));
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadPool::push(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadPool::push_all(std::vector<Task>&& tasks) {
  if (tasks.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (auto& task : tasks) tasks_.push_back(std::move(task));
  }
  if (tasks.size() == 1) {
    wake_.notify_one();
  } else {
    wake_.notify_all();
  }
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    lock.lock();
  }
}

}  // namespace zc
