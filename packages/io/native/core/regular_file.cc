#include "regular_file.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace zc {

Result<RegularFile> open_regular_file(const std::string& path) noexcept {
  RegularFile file{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), {}};
  if (!file.fd) return Error{.code = ErrorCode::open, .sys_errno = errno, .operation = "open", .path = path};
  if (::fstat(file.fd.get(), &file.status) != 0) {
    return Error{.code = ErrorCode::open, .sys_errno = errno, .operation = "stat", .path = path};
  }
  if (!S_ISREG(file.status.st_mode)) {
    return Error{.code = ErrorCode::open, .operation = "open: not a regular file", .path = path};
  }
  // Reads of it shall wait: io_uring would answer EAGAIN for a page that is not there.
  if (::fcntl(file.fd.get(), F_SETFL, 0) != 0) {
    return Error{.code = ErrorCode::open, .sys_errno = errno, .operation = "open", .path = path};
  }
  return file;
}

}  // namespace zc
