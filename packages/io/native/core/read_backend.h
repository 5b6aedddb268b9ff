// The one thing in which the backends differ: how bytes get from a descriptor into a buffer, or back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace zc {

// One read, or one write. The engine owns it, and the backend holds it from start() until it calls `finished`.
struct ReadOp {
  bool write = false;
  int fd = -1;
  std::byte* buffer = nullptr;
  uint32_t length = 0;
  uint64_t offset = 0;
  // Where true, the backend does not begin the read and finishes it with -ECANCELED.
  const std::atomic<bool>* cancelled = nullptr;
  // Called once for each start(), on a thread of the backend. `result` is a count of bytes or a negative errno,
  // as of one system call: short counts, EINTR and EAGAIN are the engine's to handle.
  void (*finished)(ReadOp* op, int64_t result) = nullptr;
};

class ReadBackend {
 public:
  // Joins the backend's threads. Every read must be finished.
  virtual ~ReadBackend() = default;

  // For any thread, the backend's own included. Does not block for the reads.
  virtual void start(ReadOp* const* ops, size_t count) = 0;
  // Runs a short piece of the engine's work on a thread of the backend.
  virtual void post(std::function<void()> work) = 0;
  // Asks the kernel to give up the reads that it holds, where it can.
  virtual void cancel_all() = 0;
};

}  // namespace zc
