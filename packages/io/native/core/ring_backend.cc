#include "ring_backend.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "worker_thread.h"

namespace zc {
namespace {

// Tags of completions that are not reads.
char event_tag;
char cancel_tag;

// Completions between two submissions: what they lead to may take 20 us each, and the device is to have its next
// reads before the last ones are dealt with.
constexpr uint32_t collected_max = 16;

}  // namespace

Result<std::unique_ptr<RingBackend>> RingBackend::create(uint32_t depth) noexcept {
  std::unique_ptr<RingBackend> backend(new RingBackend(depth));
  backend->event_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!backend->event_) {
    return Error{.code = ErrorCode::ring_refused, .sys_errno = errno, .operation = "eventfd"};
  }
  std::promise<Result<void>> promise;
  std::future<Result<void>> created = promise.get_future();
  backend->thread_ = start_worker("zc-ring", [&promise, self = backend.get()] { self->run(promise); });
  if (!backend->thread_.joinable()) {
    return Error{.code = ErrorCode::ring_refused, .sys_errno = EAGAIN, .operation = "starting a thread"};
  }
  if (Result<void> result = created.get(); !result) {
    backend->thread_.join();
    return std::move(result).error();
  }
  return backend;
}

RingBackend::~RingBackend() {
  if (!thread_.joinable()) return;
  leave([](Inbox& inbox) { inbox.stop = true; });
  thread_.join();
}

template <typename Change>
void RingBackend::leave(Change&& change) {
  const std::lock_guard lock(mutex_);
  change(inbox_);
  if (std::exchange(signalled_, true)) return;
  const uint64_t one = 1;
  while (::write(event_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void RingBackend::start(ReadOp* const* ops, size_t count) {
  // Batches that lie in memory wholly need not wake the ring's thread.
  if (count == 0) return;
  if (on_ring_thread()) {
    pending_.insert(pending_.end(), ops, ops + count);
  } else {
    leave([&](Inbox& inbox) { inbox.ops.insert(inbox.ops.end(), ops, ops + count); });
  }
}

void RingBackend::post(std::function<void()> work) {
  leave([&](Inbox& inbox) { inbox.work.push_back(std::move(work)); });
}

void RingBackend::cancel_all() {
  leave([](Inbox& inbox) { inbox.cancel_all = true; });
}

// Blocks nowhere but in the ring.
void RingBackend::run(std::promise<Result<void>>& created) {
  Result<void> result = ring_.create(entries_ + 2);  // the event's read and a cancellation besides the reads
  const bool usable = result.ok();
  created.set_value(std::move(result));
  if (!usable) return;
  for (;;) {
    take_inbox();
    fill_ring();
    if (stopping_ && pending_.empty() && in_flight_ == 0) return;
    if (const int failure = ring_.submit_and_wait(); failure < 0) {
      // Only a mistake of ours leads here, and reads that the kernel holds could not be waited for any more.
      std::fprintf(stderr, "zc: io_uring_enter: %s\n", describe_errno(-failure).c_str());
      std::abort();
    }
    collect();
  }
}

void RingBackend::take_inbox() {
  Inbox taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(inbox_, Inbox{});
    signalled_ = false;
  }
  for (const auto& work : taken.work) work();
  pending_.insert(pending_.end(), taken.ops.begin(), taken.ops.end());
  cancel_wanted_ = cancel_wanted_ || taken.cancel_all;
  stopping_ = stopping_ || taken.stop;
}

void RingBackend::fill_ring() {
  if (cancel_wanted_ && ring_.prepare_cancel_all(&cancel_tag)) cancel_wanted_ = false;
  if (!event_armed_) {
    event_armed_ = ring_.prepare_read(event_.get(), &event_counter_, sizeof event_counter_, 0, &event_tag);
  }
  while (!pending_.empty() && in_flight_ < ramp_.depth()) {
    ReadOp* op = pending_.front();
    if (op->cancelled->load(std::memory_order_acquire)) {
      pending_.pop_front();
      op->finished(op, -ECANCELED);
      continue;
    }
    const bool prepared = op->write ? ring_.prepare_write(op->fd, op->buffer, op->length, op->offset, op)
                                    : ring_.prepare_read(op->fd, op->buffer, op->length, op->offset, op);
    if (!prepared) return;
    pending_.pop_front();
    in_flight_++;
  }
}

void RingBackend::collect() {
  uint32_t reads = 0;
  uint64_t bytes = 0;
  ring_.drain(collected_max, [&](void* tag, int32_t result) {
    if (tag == &event_tag) {
      event_armed_ = false;
    } else if (tag != &cancel_tag) {
      in_flight_--;
      reads++;
      bytes += static_cast<uint64_t>(std::max(result, 0));
      auto* op = static_cast<ReadOp*>(tag);
      op->finished(op, result);
    }
  });
  if (ramp_.settled()) return;
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  ramp_.note(reads, bytes, !pending_.empty(), now.count());
}

}  // namespace zc
