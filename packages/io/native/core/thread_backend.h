// Reads by pread and writes by pwrite on a pool of threads: for kernels and containers that refuse io_uring.
#pragma once

#include "read_backend.h"
#include "thread_pool.h"

namespace zc {

class ThreadBackend final : public ReadBackend {
 public:
  explicit ThreadBackend(uint32_t threads) : pool_("zc-read", threads) {}
  // Without a thread nothing would ever be read.
  bool usable() const { return pool_.size() > 0; }

  void start(ReadOp* const* ops, size_t count) override;
  void post(std::function<void()> work) override { pool_.push(std::move(work)); }
  // A thread inside a system call cannot be called back.
  void cancel_all() override {}

 private:
  ThreadPool pool_;
};

}  // namespace zc
