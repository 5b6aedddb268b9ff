#include "unpublished_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace zc {
namespace {

constexpr mode_t mode = 0666;  // less what the process's umask takes away

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A name beside the path that nobody else makes.
std::string name_beside(const std::string& path) {
  uint64_t random = 0;
  // Without entropy the name is the process's alone; open() with O_EXCL still tells a clash.
  if (::getrandom(&random, sizeof random, 0) != sizeof random) random = static_cast<uint64_t>(::getpid());
  char hex[17];
  snprintf(hex, sizeof hex, "%016lx", static_cast<unsigned long>(random));
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  // What is put around it has room too: names end at 255 bytes.
  constexpr size_t name_bytes_max = 200;
  return directory_of(path) + "/." + name.substr(0, name_bytes_max) + "." + hex + ".zc-partial";
}

// Through /proc it is the file that is open, whatever its name, and even without one.
std::string open_file_name(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// False with errno. A directory that may be written into but not read goes with all of its file system.
bool put_on_disk(const UniqueFd& directory, int file) {
  if (!directory) return ::syncfs(file) == 0;
  // Some file systems know no fsync of a directory: their renames are as safe as they get.
  return ::fsync(directory.get()) == 0 || errno == EINVAL;
}

}  // namespace

Result<UnpublishedFile> UnpublishedFile::create(const std::string& path, bool overwrite) noexcept {
  UnpublishedFile file(path, overwrite);
  struct stat status;
  if (!overwrite && ::lstat(path.c_str(), &status) == 0) return file.failure(EEXIST, "creating the file");
  if (auto opened = file.open(); !opened) return std::move(opened).error();
  return file;
}

Result<void> UnpublishedFile::open() noexcept {
  // A file without a name gets one by way of /proc alone.
  if (::access("/proc/self/fd", X_OK) == 0) {
    fd_.reset(::open(directory_of(path_).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
    if (fd_) return {};
  }
  std::string name = name_beside(path_);
  fd_.reset(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode));
  if (!fd_) return failure(errno, "creating the file");
  temporary_name_ = std::move(name);
  return {};
}

UniqueFd UnpublishedFile::open_direct() const noexcept {
  return UniqueFd(::open(open_file_name(fd()).c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
}

Result<void> UnpublishedFile::publish() noexcept {
  // Opened first: where that fails, nothing has a name yet.
  const UniqueFd directory(::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno != EACCES) return failure(errno, "opening the directory");
  Result<void> named;
  if (!temporary_name_.empty()) {
    named = rename_from(temporary_name_);
  } else if (!overwrite_) {
    named = link_to(path_);
  } else {
    // A link replaces nothing: it takes a name of its own first, and then the place.
    const std::string name = name_beside(path_);
    named = link_to(name);
    if (named) {
      temporary_name_ = name;
      named = rename_from(name);
    }
  }
  if (!named) return named;
  temporary_name_.clear();
  if (put_on_disk(directory, fd())) return {};
  Error error = failure(errno, "putting the directory on the disk");
  // What was replaced cannot be had back, so then the new one stays.
  if (!overwrite_) ::unlink(path_.c_str());
  return error;
}

Result<void> UnpublishedFile::link_to(const std::string& name) noexcept {
  if (::linkat(AT_FDCWD, open_file_name(fd()).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  return failure(errno, "giving the file its name");
}

Result<void> UnpublishedFile::rename_from(const std::string& name) noexcept {
  if (overwrite_) {
    if (::rename(name.c_str(), path_.c_str()) == 0) return {};
    return failure(errno, "giving the file its name");
  }
  if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return {};
  // File systems that know no such flag (NFS) refuse it; a link takes no name that is taken either.
  if (errno == EINVAL && ::link(name.c_str(), path_.c_str()) == 0) {
    ::unlink(name.c_str());
    return {};
  }
  return failure(errno, "giving the file its name");
}

void UnpublishedFile::discard() noexcept {
  if (!temporary_name_.empty()) ::unlink(temporary_name_.c_str());
  temporary_name_.clear();
  fd_.reset();
}

Error UnpublishedFile::failure(int sys_errno, const char* operation) const {
  return Error{.code = sys_errno == EEXIST ? ErrorCode::exists : ErrorCode::write,
               .sys_errno = sys_errno, .operation = operation, .path = path_};
}

}  // namespace zc
