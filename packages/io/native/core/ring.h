// A thin owner of one io_uring. Linux 5.6 for the reads it makes; the flags of later kernels where they are known.
#pragma once

#include <liburing.h>

#include <cstdint>

#include "result.h"

namespace zc {

// Not movable, for the kernel and liburing hold its address. Used by the thread that created it alone.
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();

  // Sets up a ring of `entries` that a forked child does not inherit, and reads 8 bytes of an eventfd through
  // it, because a ring that can be made is not yet one that may read. `ring_refused` with the errno otherwise.
  Result<void> create(uint32_t entries) noexcept;

  // Queues a read. False when the submission queue is full: submit first.
  bool prepare_read(int fd, void* buffer, uint32_t length, uint64_t offset, void* tag) noexcept;
  bool prepare_write(int fd, const void* buffer, uint32_t length, uint64_t offset, void* tag) noexcept;
  // Queues the wish that all that is in flight be given up (Linux 5.19; older kernels answer that they know it not).
  bool prepare_cancel_all(void* tag) noexcept;

  // Hands what is queued to the kernel and waits until at least one completion is there. Negative errno only
  // where waiting again would not help.
  int submit_and_wait() noexcept;

  // Calls `each(tag, result)` for the completions that are there, `max` at most, and returns how many.
  template <typename Each>
  uint32_t drain(uint32_t max, Each&& each) noexcept {
    unsigned head;
    io_uring_cqe* cqe;
    uint32_t count = 0;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      each(io_uring_cqe_get_data(cqe), cqe->res);
      if (++count == max) break;
    }
    io_uring_cq_advance(&ring_, count);
    return count;
  }

 private:
  Result<void> prove() noexcept;

  io_uring ring_ = {};
  bool created_ = false;
  uint64_t proof_ = 0;  // what the first read fills; a member, so that it outlives a ring that never answered
};

}  // namespace zc
