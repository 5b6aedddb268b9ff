// Turns the SIGBUS of a mapped file that was cut short into zero pages and a poisoned map.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "result.h"

namespace zc {

// How far a guarded range still shows its file: one number without a lock, for a signal handler to change.
class IntactBytes {
 public:
  static constexpr uint64_t all = UINT64_MAX;

  uint64_t load() const noexcept { return bytes_.load(std::memory_order_acquire); }
  // What was lost before stays lost.
  void end_at(uint64_t bytes) noexcept {
    uint64_t former = bytes_.load(std::memory_order_relaxed);
    while (bytes < former && !bytes_.compare_exchange_weak(former, bytes, std::memory_order_acq_rel)) {
    }
  }

 private:
  static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(std::atomic<uint64_t>) == sizeof(uint64_t));
  std::atomic<uint64_t> bytes_{all};
};

// A guarded address range; move-only. While it lives, a SIGBUS that any thread of this process takes inside
// the range is answered so: fresh zero pages are put from the page that was touched to the end of the range,
// `*intact` ends there, and the access is done again.
//
// The first range installs the process's handler, which passes the signals that are not ours on to the handler that
// was there before. Who installs another one afterwards (Python's faulthandler does, when it is enabled late) takes
// the process's handler away from us: then the next range, or renew(), puts ours before it again, and what is not
// ours goes to theirs first. Whoever owns the range keeps `intact` alive and the pages mapped until the guard is
// gone, and lets no thread touch the range afterwards.
//
// A forked child may use and end the ranges it inherited, and make new ones.
class SigbusGuard {
 public:
  SigbusGuard() = default;
  SigbusGuard(SigbusGuard&& other) noexcept;
  SigbusGuard& operator=(SigbusGuard&& other) noexcept;
  SigbusGuard(const SigbusGuard&) = delete;
  SigbusGuard& operator=(const SigbusGuard&) = delete;
  ~SigbusGuard();

  // `address` is page-aligned. Fails with `map` when the handler cannot be installed.
  static Result<SigbusGuard> protect(void* address, size_t length, IntactBytes* intact) noexcept;

  // Puts our handler back where another has taken its place. One system call; for before long work on a range.
  static void renew() noexcept;
  // The same, at most once in 20 ms: for before work that is shorter than the call.
  static void renew_now_and_then() noexcept;

 private:
  struct Entry;
  friend struct SigbusRegistry;
  Entry* entry_ = nullptr;
};

}  // namespace zc
