// Which bytes of a file the page cache holds.
#pragma once

#include <atomic>
#include <cstdint>

#include "result.h"

namespace zc {

// How many bytes of [offset, offset + length) are in the page cache, in whole pages but for the range's ends.
// cachestat (Linux 6.5) tells without starting a read. Where it is missing or forbidden (it is for files that
// the process neither owns nor may write), up to 256 pages of the range are probed with one byte each by
// preadv2(RWF_NOWAIT), and the answer is their share. mincore is not asked: it calls every page of a stranger's
// file resident. The error has no path: the caller knows it.
Result<uint64_t> resident_bytes(int fd, uint64_t offset, uint64_t length) noexcept;

// What probing the extents of one file has found of late. A probe that misses makes the kernel read a page that
// nobody wants, so where none was found for long only some extents are probed. Thread-safe.
class ProbeHistory {
 public:
  // Whether the next extent is to be probed; it counts as missed until it is found.
  bool is_worthwhile() noexcept {
    const uint32_t missed = missed_.fetch_add(1, std::memory_order_relaxed);
    return missed < patience || missed % patience == 0;
  }
  void found() noexcept { missed_.store(0, std::memory_order_relaxed); }

 private:
  static constexpr uint32_t patience = 16;
  std::atomic<uint32_t> missed_{0};
};

// Whether all of an extent is in the page cache. Where cachestat does not tell, a few pages stand for all, and where
// the file has been cold, "no" may be a guess. An error is a "no" too: the read will meet it.
bool is_resident(int fd, uint64_t offset, uint64_t length, ProbeHistory& history) noexcept;

}  // namespace zc
