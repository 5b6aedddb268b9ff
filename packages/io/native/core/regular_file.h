// How every file is opened: for reading, and only if it is one.
#pragma once

#include <sys/stat.h>

#include <string>

#include "result.h"
#include "unique_fd.h"

namespace zc {

struct RegularFile {
  UniqueFd fd;
  struct stat status;
};

// Opens without waiting, for a pipe that lies among the shards would keep open(2) waiting until somebody writes to
// it. `open` where the path leads to nothing, or to what is no regular file.
Result<RegularFile> open_regular_file(const std::string& path) noexcept;

}  // namespace zc
