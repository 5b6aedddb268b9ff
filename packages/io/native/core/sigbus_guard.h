// Turns the SIGBUS of a mapped file that was cut short into zero pages and a poisoned map.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "result.h"

namespace zc {

// A guarded address range; move-only. While it lives, a SIGBUS that any thread of this process takes inside
// the range is answered so: fresh zero pages are put from the page that was touched to the end of the range,
// `*poisoned` becomes true, and the access is done again.
//
// The first range installs the process's handler, which stays, and which passes the signals that are not ours
// on to the handler that was there before. Whoever owns the range keeps `poisoned` alive and the pages mapped
// until the guard is gone, and lets no thread touch the range afterwards.
class SigbusGuard {
 public:
  SigbusGuard() = default;
  SigbusGuard(SigbusGuard&& other) noexcept;
  SigbusGuard& operator=(SigbusGuard&& other) noexcept;
  SigbusGuard(const SigbusGuard&) = delete;
  SigbusGuard& operator=(const SigbusGuard&) = delete;
  ~SigbusGuard();

  // `address` is page-aligned. Fails with `map` when the handler cannot be installed.
  static Result<SigbusGuard> protect(void* address, size_t length, std::atomic<bool>* poisoned) noexcept;

 private:
  struct Entry;
  friend struct SigbusRegistry;
  Entry* entry_ = nullptr;
};

}  // namespace zc
