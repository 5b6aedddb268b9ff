#include "residency.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <random>

namespace zc {
namespace {

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

struct CachestatRange {
  uint64_t offset;
  uint64_t length;
};

struct Cachestat {
  uint64_t cached_pages;
  uint64_t dirty_pages;
  uint64_t writeback_pages;
  uint64_t evicted_pages;
  uint64_t recently_evicted_pages;
};

uint64_t page_bytes() {
  static const auto bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::optional<uint64_t> ask_cachestat(int fd, uint64_t offset, uint64_t length) {
  CachestatRange range{offset, length};
  Cachestat answer{};
  if (::syscall(SYS_cachestat, fd, &range, &answer, 0) != 0) return std::nullopt;
  const uint64_t page = page_bytes();
  const uint64_t pages = (offset + length - 1) / page - offset / page + 1;
  if (answer.cached_pages >= pages) return length;
  return std::min(length, answer.cached_pages * page);
}

uint64_t random_below(uint64_t bound) {
  thread_local std::minstd_rand generator{
      static_cast<uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
  return std::uniform_int_distribution<uint64_t>{0, bound - 1}(generator);
}

// Asks for other pages each time: a refused attempt makes the kernel read what it was asked for, and whoever asks
// for the same pages again finds them, though they may be all that is there.
Result<uint64_t> sample_pages(int fd, uint64_t offset, uint64_t length, uint64_t samples_max) {
  const uint64_t page = page_bytes();
  const uint64_t pages = (offset + length - 1) / page - offset / page + 1;
  const uint64_t samples = std::min(pages, samples_max);
  uint64_t found = 0;
  for (uint64_t i = 0; i < samples; i++) {
    const uint64_t first = i * pages / samples;
    const uint64_t sampled = first + random_below((i + 1) * pages / samples - first);
    const uint64_t at = std::max(offset, (offset / page + sampled) * page);
    char byte;
    iovec vector{&byte, 1};
    if (::preadv2(fd, &vector, 1, static_cast<off_t>(at), RWF_NOWAIT) == 1) {
      found++;
    } else if (errno == EOPNOTSUPP) {
      return uint64_t{0};  // This file system cannot tell; "nothing" makes the caller read it properly.
    } else if (errno != EAGAIN && errno != EINTR) {
      return Error{.code = ErrorCode::read, .sys_errno = errno, .operation = "asking what is in the page cache",
                   .offset = static_cast<int64_t>(at)};
    }
  }
  if (found == samples) return length;
  return std::min(length, found * pages / samples * page);
}

}  // namespace

Result<uint64_t> resident_bytes(int fd, uint64_t offset, uint64_t length, uint64_t samples_max) noexcept {
  if (length == 0) return uint64_t{0};
  if (const auto known = ask_cachestat(fd, offset, length)) return *known;
  return sample_pages(fd, offset, length, samples_max);
}

}  // namespace zc
