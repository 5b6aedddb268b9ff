// A file that has no name until it is whole.
#pragma once

#include <string>
#include <utility>

#include "result.h"
#include "unique_fd.h"

namespace zc {

// Open for writing in the directory of its path. Without a name at all where the file system allows that
// (O_TMPFILE, Linux 3.11), so that nothing is left of it however the process ends; else under `.<name>.<random>`
// beside its path, which only a killed process leaves behind. Destruction discards it.
class UnpublishedFile {
 public:
  // `exists` where the path has a file and `overwrite` is not set; `write` where none can be made.
  static Result<UnpublishedFile> create(const std::string& path, bool overwrite) noexcept;
  UnpublishedFile(UnpublishedFile&& other) noexcept
      : path_(std::move(other.path_)),
        overwrite_(other.overwrite_),
        fd_(std::move(other.fd_)),
        temporary_name_(std::exchange(other.temporary_name_, {})) {}
  UnpublishedFile& operator=(UnpublishedFile&&) = delete;
  ~UnpublishedFile() { discard(); }

  int fd() const noexcept { return fd_.get(); }
  const std::string& path() const noexcept { return path_; }

  // The same file for direct writes; empty where it has none.
  UniqueFd open_direct() const noexcept;

  // Gives it its path, which is then on the disk; its bytes have to be there already. `exists` where somebody else
  // has taken the path meanwhile. After an error the path is as it was, but where the directory could not be put on
  // the disk after a file was replaced: then the new one lies there. Once.
  Result<void> publish() noexcept;
  // Closes it, and nothing of it remains. Does nothing once it was published.
  void discard() noexcept;

 private:
  UnpublishedFile(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {}
  Result<void> open() noexcept;
  Result<void> link_to(const std::string& name) noexcept;
  Result<void> rename_from(const std::string& name) noexcept;
  Error failure(int sys_errno, const char* operation) const;

  std::string path_;
  bool overwrite_ = false;
  UniqueFd fd_;
  std::string temporary_name_;  // empty: it has none
};

}  // namespace zc
