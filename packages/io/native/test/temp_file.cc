#include "temp_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "../core/unique_fd.h"

namespace zc::test {

std::vector<std::byte> noise(size_t length, uint64_t seed) {
  std::vector<std::byte> bytes(length);
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (size_t at = 0; at < length; at += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(bytes.data() + at, &state, std::min<size_t>(8, length - at));
  }
  return bytes;
}

TempFile::TempFile(const std::vector<std::byte>& content, const std::string& directory) {
  const std::filesystem::path folder = directory.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(directory);
  std::string name = (folder / "zc-core-XXXXXX").string();
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) throw std::runtime_error("cannot make a file in " + folder.string());
  path_ = name;
  for (size_t done = 0; done < content.size();) {
    const ssize_t count = ::write(fd.get(), content.data() + done, content.size() - done);
    if (count <= 0) throw std::runtime_error("cannot write " + path_);
    done += static_cast<size_t>(count);
  }
  ::fsync(fd.get());
}

TempFile::~TempFile() { ::unlink(path_.c_str()); }

void TempFile::truncate(uint64_t size) const {
  if (::truncate(path_.c_str(), static_cast<off_t>(size)) != 0) throw std::runtime_error("cannot cut " + path_);
}

void TempFile::drop_from_cache() const {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace zc::test
