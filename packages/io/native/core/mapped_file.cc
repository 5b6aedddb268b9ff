#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "huge_pages.h"
#include "regular_file.h"
#include "residency.h"
#include "unique_fd.h"

namespace zc {
namespace {

uint64_t page_bytes() {
  static const auto bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

struct PageRange {
  std::byte* address;
  size_t length;
};

PageRange pages_around(std::byte* base, uint64_t offset, uint64_t length) {
  const uint64_t first = offset & ~(page_bytes() - 1);
  return {base + first, offset + length - first};
}

// Below Linux 5.14: ask for the range and then read one byte of each page, which waits for it.
void touch_pages(std::byte* base, uint64_t offset, uint64_t length) {
  const PageRange pages = pages_around(base, offset, length);
  ::madvise(pages.address, pages.length, MADV_WILLNEED);
  for (size_t at = 0; at < pages.length; at += page_bytes()) {
    (void)*const_cast<const volatile std::byte*>(pages.address + at);
  }
}

int advice_number(Advice advice) {
  switch (advice) {
    case Advice::normal: return MADV_NORMAL;
    case Advice::random: return MADV_RANDOM;
    case Advice::sequential: return MADV_SEQUENTIAL;
    case Advice::willneed: return MADV_WILLNEED;
    case Advice::dontneed: return MADV_DONTNEED;
  }
  return MADV_NORMAL;
}

std::atomic<uint64_t> live_files{0};

}  // namespace

uint64_t MappedFile::live() noexcept { return live_files.load(std::memory_order_relaxed); }

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string& path) noexcept {
  auto opened = open_regular_file(path);
  if (!opened) return std::move(opened).error();
  return map(opened->fd.get(), path);
}

Result<std::shared_ptr<MappedFile>> MappedFile::map(int fd, const std::string& path) noexcept {
  struct stat status;
  if (::fstat(fd, &status) != 0) {
    return Error{.code = ErrorCode::open, .sys_errno = errno, .operation = "stat", .path = path};
  }
  std::shared_ptr<MappedFile> file(new MappedFile(path));
  file->device_ = status.st_dev;
  file->inode_ = status.st_ino;
  if (status.st_size == 0) return file;

  const auto size = static_cast<uint64_t>(status.st_size);
  void* address = map_aligned(size, MAP_PRIVATE | MAP_NORESERVE, fd);
  if (address == MAP_FAILED) {
    return Error{.code = ErrorCode::map, .sys_errno = errno, .operation = "map", .path = path};
  }
  file->address_ = static_cast<std::byte*>(address);
  file->size_ = size;
  auto guard = SigbusGuard::protect(address, size, file->intact_.get());
  if (!guard) {
    Error error = std::move(guard).error();
    error.path = path;
    return error;
  }
  file->guard_ = std::move(guard).value();
  return file;
}

MappedFile::MappedFile(std::string path) noexcept : path_(std::move(path)) {
  live_files.fetch_add(1, std::memory_order_relaxed);
}

MappedFile::~MappedFile() {
  live_files.fetch_sub(1, std::memory_order_relaxed);
  // The guard goes first: it must not outlive the pages it would patch.
  guard_ = SigbusGuard();
  if (address_ != nullptr) ::munmap(address_, size_);
}

Result<void> MappedFile::check() const noexcept {
  if (!poisoned()) return {};
  return Error{.code = ErrorCode::poisoned, .operation = "the file was cut short while it was mapped, or its disk failed",
               .path = path_, .offset = static_cast<int64_t>(intact_->load()), .expected = static_cast<int64_t>(size_)};
}

Result<void> MappedFile::check_range(uint64_t offset, uint64_t length, const char* operation) const noexcept {
  if (offset <= size_ && length <= size_ - offset) return {};
  return Error{.code = ErrorCode::argument,
               .operation = std::string(operation) + " of " + std::to_string(length) +
                            " bytes, which ends behind the end of the file",
               .path = path_,
               .offset = static_cast<int64_t>(offset),
               .expected = static_cast<int64_t>(size_)};
}

Result<void> MappedFile::populate(uint64_t offset, uint64_t length) noexcept {
  if (auto checked = check_range(offset, length, "populate"); !checked) return checked;
  if (length == 0) return check();
  SigbusGuard::renew();
  const PageRange pages = pages_around(address_, offset, length);
  if (::madvise(pages.address, pages.length, MADV_POPULATE_READ) != 0) {
    // EFAULT: a page that a plain access would answer with SIGBUS, so let one meet it: it poisons the map.
    if (errno != EINVAL && errno != EFAULT && errno != EINTR) {
      return Error{.code = ErrorCode::read, .sys_errno = errno, .operation = "populate", .path = path_,
                   .offset = static_cast<int64_t>(offset)};
    }
    touch_pages(address_, offset, length);
  }
  return check();
}

bool MappedFile::read_in_huge_pages() noexcept {
  return address_ != nullptr && zc::read_in_huge_pages(address_, size_);
}

Result<void> MappedFile::advise(uint64_t offset, uint64_t length, Advice advice) noexcept {
  if (auto checked = check_range(offset, length, "advice"); !checked) return checked;
  if (length == 0) return {};
  const PageRange pages = pages_around(address_, offset, length);
  if (::madvise(pages.address, pages.length, advice_number(advice)) != 0) {
    return Error{.code = ErrorCode::map, .sys_errno = errno, .operation = "madvise", .path = path_,
                 .offset = static_cast<int64_t>(offset)};
  }
  return {};
}

// A descriptor on the very file that is mapped, the caller's to close.
Result<int> MappedFile::reopen() const noexcept {
  auto opened = open_regular_file(path_);
  if (!opened) return std::move(opened).error();
  if (opened->status.st_dev != device_ || opened->status.st_ino != inode_) {
    return Error{.code = ErrorCode::open, .operation = "open again: the path now names another file",
                 .path = path_};
  }
  return opened->fd.release();
}

Result<uint64_t> MappedFile::resident(uint64_t offset, uint64_t length) const noexcept {
  if (auto checked = check_range(offset, length, "residency"); !checked) return std::move(checked).error();
  auto opened = reopen();
  if (!opened) return std::move(opened).error();
  const UniqueFd fd(opened.value());
  auto bytes = resident_bytes(fd.get(), offset, length);
  if (bytes) return bytes;
  Error error = std::move(bytes).error();
  error.path = path_;
  return error;
}

Result<void> MappedFile::read(uint64_t offset, uint64_t length, void* destination) const noexcept {
  if (auto checked = check_range(offset, length, "read"); !checked) return checked;
  auto opened = reopen();
  if (!opened) return std::move(opened).error();
  const UniqueFd fd(opened.value());
  auto* to = static_cast<std::byte*>(destination);
  for (uint64_t done = 0; done < length;) {
    const ssize_t count = ::pread(fd.get(), to + done, length - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Error{.code = ErrorCode::read, .sys_errno = errno, .operation = "read", .path = path_,
                   .offset = static_cast<int64_t>(offset + done)};
    }
    if (count == 0) {
      return Error{.code = ErrorCode::short_read, .operation = "read: the file ends here", .path = path_,
                   .offset = static_cast<int64_t>(offset), .expected = static_cast<int64_t>(length),
                   .actual = static_cast<int64_t>(done)};
    }
    done += static_cast<uint64_t>(count);
  }
  return {};
}

}  // namespace zc
