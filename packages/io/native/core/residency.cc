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

// Pages that are probed to know the share of a range that is resident, and to take an extent for resident.
constexpr uint64_t share_samples = 256;
constexpr uint64_t extent_samples = 4;

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

uint64_t page_count(uint64_t offset, uint64_t length) {
  return (offset + length - 1) / page_bytes() - offset / page_bytes() + 1;
}

std::optional<uint64_t> ask_cachestat(int fd, uint64_t offset, uint64_t length) {
  CachestatRange range{offset, length};
  Cachestat answer{};
  if (::syscall(SYS_cachestat, fd, &range, &answer, 0) != 0) return std::nullopt;
  if (answer.cached_pages >= page_count(offset, length)) return length;
  return std::min(length, answer.cached_pages * page_bytes());
}

uint64_t random_below(uint64_t bound) {
  thread_local std::minstd_rand generator{
      static_cast<uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
  return std::uniform_int_distribution<uint64_t>{0, bound - 1}(generator);
}

// Where the i-th of so many pages lies that are spread over a range. Another one each time: a refused probe makes the
// kernel read what it was asked for, and whoever asks for the same pages again finds them, though they may be all
// that is there.
uint64_t sampled_offset(uint64_t offset, uint64_t length, uint64_t i, uint64_t samples) {
  const uint64_t page = page_bytes();
  const uint64_t pages = page_count(offset, length);
  const uint64_t first = i * pages / samples;
  const uint64_t sampled = first + random_below((i + 1) * pages / samples - first);
  return std::max(offset, (offset / page + sampled) * page);
}

Result<bool> probe(int fd, uint64_t offset) {
  char byte;
  iovec vector{&byte, 1};
  const ssize_t count = ::preadv2(fd, &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (count >= 0) return count == 1;  // 0: the file ends before it
  // With EOPNOTSUPP this file system cannot tell; "no" makes the caller read it properly.
  if (errno == EAGAIN || errno == EINTR || errno == EOPNOTSUPP) return false;
  return Error{.code = ErrorCode::read, .sys_errno = errno, .operation = "asking what is in the page cache",
               .offset = static_cast<int64_t>(offset)};
}

}  // namespace

Result<uint64_t> resident_bytes(int fd, uint64_t offset, uint64_t length) noexcept {
  if (length == 0) return uint64_t{0};
  if (const auto known = ask_cachestat(fd, offset, length)) return *known;
  const uint64_t samples = std::min(page_count(offset, length), share_samples);
  uint64_t found = 0;
  for (uint64_t i = 0; i < samples; i++) {
    const auto there = probe(fd, sampled_offset(offset, length, i, samples));
    if (!there) return there.error();
    if (there.value()) found++;
  }
  if (found == samples) return length;
  return std::min(length, found * page_count(offset, length) / samples * page_bytes());
}

bool is_resident(int fd, uint64_t offset, uint64_t length, ProbeHistory& history) noexcept {
  if (length == 0) return true;
  if (const auto known = ask_cachestat(fd, offset, length)) return *known == length;
  if (!history.is_worthwhile()) return false;
  const uint64_t samples = std::min(page_count(offset, length), extent_samples);
  for (uint64_t i = 0; i < samples; i++) {
    const auto there = probe(fd, sampled_offset(offset, length, i, samples));
    if (!there || !there.value()) return false;
  }
  history.found();
  return true;
}

}  // namespace zc
