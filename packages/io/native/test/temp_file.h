// Files that go when the test ends, and bytes to fill them with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zc::test {

// `length` bytes that differ from place to place and are the same for the same seed.
std::vector<std::byte> noise(size_t length, uint64_t seed = 1);

class TempFile {
 public:
  // In `directory`, by default the system's for temporary files. Written and synced, so that it can be dropped
  // from the page cache.
  explicit TempFile(const std::vector<std::byte>& content, const std::string& directory = "");
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile();

  const std::string& path() const { return path_; }
  void truncate(uint64_t size) const;
  void drop_from_cache() const;

 private:
  std::string path_;
};

}  // namespace zc::test
