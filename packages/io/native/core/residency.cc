#include "residency.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

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

Result<uint64_t> sample_pages(int fd, uint64_t offset, uint64_t length, uint64_t samples_max) {
  const uint64_t page = page_bytes();
  const uint64_t pages = (offset + length - 1) / page - offset / page + 1;
  const uint64_t samples = std::min(pages, samples_max);
  uint64_t found = 0;
  for (uint64_t i = 0; i < samples; i++) {
    const uint64_t at = std::max(offset, (offset / page + i * pages / samples) * page);
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
