// A few threads and one queue.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace zc {

// Runs tasks in the order in which they were pushed, on `threads` threads that are started with the pool, or on as
// many as the system gives: size() says how many. Push nothing where there is none.
// The destructor runs what is still queued and joins. push() is for any thread, the pool's own included.
class ThreadPool {
 public:
  using Task = std::function<void()>;

  ThreadPool(const std::string& name, uint32_t threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  void push(Task task);
  // One lock and one wake-up for many.
  void push_all(std::vector<Task>&& tasks);

  uint32_t size() const noexcept { return static_cast<uint32_t>(threads_.size()); }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace zc
