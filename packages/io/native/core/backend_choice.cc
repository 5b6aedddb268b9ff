#include "backend_choice.h"

#include <cerrno>
#include <utility>

#include "capabilities.h"
#include "fault_backend.h"
#include "ring_backend.h"
#include "thread_backend.h"

namespace zc {

namespace {

Result<MadeBackend> make_honest_backend(BackendChoice asked, const BackendOptions& options) noexcept {
  MadeBackend made{.backend = nullptr, .choice = BackendChoice::threads, .reason = "The thread pool was asked for."};
  if (asked != BackendChoice::threads) {
    auto ring = RingBackend::create(options.depth);
    if (ring) return MadeBackend{.backend = std::move(ring).value(), .choice = BackendChoice::io_uring};
    const RingCapability explained = explain_ring_errno(ring.error().sys_errno);
    if (asked == BackendChoice::io_uring) {
      Error error = std::move(ring).error();
      error.operation = explained.reason;
      error.sys_errno = explained.sys_errno;
      return error;
    }
    made.reason = explained.reason + " " + explained.advice;
  }
  auto threads = std::make_unique<ThreadBackend>(options.threads);
  if (!threads->usable()) {
    return Error{.code = ErrorCode::memory, .sys_errno = EAGAIN, .operation = "starting the threads of an engine"};
  }
  made.backend = std::move(threads);
  return made;
}

}  // namespace

Result<MadeBackend> make_backend(BackendChoice asked, const BackendOptions& options) noexcept {
  auto faults = parse_faults(options.faults);
  if (!faults) return std::move(faults).error();
  auto made = make_honest_backend(asked, options);
  if (made && !faults.value().empty()) {
    made->backend = std::make_unique<FaultBackend>(std::move(made->backend), std::move(faults).value());
  }
  return made;
}

}  // namespace zc
