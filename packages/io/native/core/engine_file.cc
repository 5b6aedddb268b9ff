#include "engine_file.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "regular_file.h"

namespace zc {

std::optional<DirectAlignment> direct_alignment(int fd) noexcept {
  constexpr DirectAlignment common{4096, 4096};
  struct statx status = {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0) return common;
  if ((status.stx_mask & STATX_DIOALIGN) == 0) return common;
  if (status.stx_dio_mem_align == 0 || status.stx_dio_offset_align == 0) return std::nullopt;
  return DirectAlignment{status.stx_dio_mem_align, status.stx_dio_offset_align};
}

Result<std::shared_ptr<EngineFile>> EngineFile::open(const std::string& path) noexcept {
  auto opened = open_regular_file(path);
  if (!opened) return std::move(opened).error();
  auto file = std::make_shared<EngineFile>();
  file->path_ = path;
  file->size_ = static_cast<uint64_t>(opened->status.st_size);
  file->buffered_ = std::move(opened->fd);
  return file;
}

std::optional<EngineFile::Direct> EngineFile::direct() noexcept {
  const std::lock_guard lock(mutex_);
  if (direct_state_ == DirectState::unknown) {
    const auto alignment = direct_alignment(buffered_.get());
    if (!alignment) {
      direct_state_ = DirectState::refused;
      return std::nullopt;
    }
    // Through /proc it is the file that is already open, even if its path now names another.
    const std::string same_file = "/proc/self/fd/" + std::to_string(buffered_.get());
    direct_.reset(::open(same_file.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
    if (!direct_ && errno == ENOENT) direct_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
    if (!direct_) {
      // Too few descriptors is a matter of the moment; anything else is the file system's word.
      if (errno != EMFILE && errno != ENFILE) direct_state_ = DirectState::refused;
      return std::nullopt;
    }
    alignment_ = *alignment;
    direct_state_ = DirectState::available;
  }
  if (direct_state_ == DirectState::refused) return std::nullopt;
  return Direct{direct_.get(), alignment_};
}

void EngineFile::refuse_direct() noexcept {
  const std::lock_guard lock(mutex_);
  // The descriptor stays open: other reads may still be using it.
  direct_state_ = DirectState::refused;
}

bool EngineFile::take_refusal() noexcept {
  const std::lock_guard lock(mutex_);
  return direct_state_ == DirectState::refused && !std::exchange(refusal_taken_, true);
}

std::optional<uint64_t> EngineFile::bytes_of(uint64_t offset, uint64_t length) const noexcept {
  struct stat status;
  if (::fstat(buffered_.get(), &status) != 0) return std::nullopt;
  const auto size = static_cast<uint64_t>(status.st_size);
  return size <= offset ? 0 : std::min(size - offset, length);
}

Result<MappedFile*> EngineFile::map() noexcept {
  const std::lock_guard lock(mutex_);
  if (map_ == nullptr) {
    auto mapped = MappedFile::map(buffered_.get(), path_);
    if (!mapped) return std::move(mapped).error();
    if (mapped.value()->size() < size_) {
      return Error{.code = ErrorCode::short_read,
                   .operation = "map: the file was cut short after it was opened",
                   .path = path_,
                   .offset = static_cast<int64_t>(mapped.value()->size()),
                   .expected = static_cast<int64_t>(size_),
                   .actual = static_cast<int64_t>(mapped.value()->size())};
    }
    map_ = std::move(mapped).value();
    // Copies take what is resident. Without this each of them may make the kernel read ahead, by megabytes on some
    // devices, until the cache is full of rows that nobody asked for. It fails only where it would not matter.
    (void)map_->advise(0, map_->size(), Advice::random);
    reads_in_huge_pages_ = map_->read_in_huge_pages();
  }
  return map_.get();
}

}  // namespace zc
