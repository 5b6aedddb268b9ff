#include "ring.h"

#include <sys/eventfd.h>

#include <cerrno>

#include "unique_fd.h"

namespace zc {

Ring::~Ring() {
  if (created_) io_uring_queue_exit(&ring_);
}

Result<void> Ring::create(uint32_t entries) noexcept {
  // Completions that wait for this thread's next enter (6.1), then those that do not interrupt it (5.19), then
  // any kernel that has io_uring.
  constexpr uint32_t flag_sets[] = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CLAMP,
      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CLAMP,
      IORING_SETUP_CLAMP,
  };
  int failure = 0;
  for (const uint32_t flags : flag_sets) {
    failure = io_uring_queue_init(entries, &ring_, flags);
    if (failure != -EINVAL) break;
  }
  if (failure < 0) {
    return Error{.code = ErrorCode::ring_refused, .sys_errno = -failure, .operation = "io_uring_setup"};
  }
  created_ = true;
  // A forked child must not submit to the parent's ring. The call fails only where there is nothing to protect.
  io_uring_ring_dontfork(&ring_);
  return prove();
}

Result<void> Ring::prove() noexcept {
  const UniqueFd event(::eventfd(1, EFD_CLOEXEC));
  if (!event) return Error{.code = ErrorCode::ring_refused, .sys_errno = errno, .operation = "eventfd"};
  int64_t result = 0;
  prepare_read(event.get(), &proof_, sizeof proof_, 0, nullptr);
  for (bool answered = false; !answered;) {
    if (const int waited = submit_and_wait(); waited < 0) {
      result = waited;
      break;
    }
    answered = drain(1, [&](void*, int32_t count) { result = count; }) > 0;
  }
  if (result == sizeof proof_) return {};
  return Error{.code = ErrorCode::ring_refused, .sys_errno = static_cast<int>(-result),
               .operation = "the first read through io_uring"};
}

bool Ring::prepare_read(int fd, void* buffer, uint32_t length, uint64_t offset, void* tag) noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) return false;
  io_uring_prep_read(sqe, fd, buffer, length, offset);
  io_uring_sqe_set_data(sqe, tag);
  return true;
}

bool Ring::prepare_write(int fd, const void* buffer, uint32_t length, uint64_t offset, void* tag) noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) return false;
  io_uring_prep_write(sqe, fd, buffer, length, offset);
  io_uring_sqe_set_data(sqe, tag);
  return true;
}

bool Ring::prepare_cancel_all(void* tag) noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) return false;
  io_uring_prep_cancel(sqe, nullptr, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
  io_uring_sqe_set_data(sqe, tag);
  return true;
}

int Ring::submit_and_wait() noexcept {
  for (;;) {
    const int submitted = io_uring_submit_and_wait(&ring_, 1);
    if (submitted >= 0) return submitted;
    if (submitted == -EINTR) continue;
    // The kernel is short of memory, or wants its completions collected first: collect what is there.
    if (submitted == -EAGAIN || submitted == -EBUSY || submitted == -ENOMEM) return 0;
    return submitted;
  }
}

}  // namespace zc
