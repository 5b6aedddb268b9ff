#include "thread_backend.h"

#include <unistd.h>

#include <cerrno>

namespace zc {
namespace {

void do_one(ReadOp* op) {
  int64_t result = -ECANCELED;
  if (!op->cancelled->load(std::memory_order_acquire)) {
    const auto offset = static_cast<off_t>(op->offset);
    result = op->write ? ::pwrite(op->fd, op->buffer, op->length, offset)
                       : ::pread(op->fd, op->buffer, op->length, offset);
    if (result < 0) result = -errno;
  }
  op->finished(op, result);
}

}  // namespace

void ThreadBackend::start(ReadOp* const* ops, size_t count) {
  if (count == 0) return;
  std::vector<ThreadPool::Task> tasks;
  tasks.reserve(count);
  for (size_t i = 0; i < count; i++) tasks.push_back([op = ops[i]] { do_one(op); });
  pool_.push_all(std::move(tasks));
}

}  // namespace zc
