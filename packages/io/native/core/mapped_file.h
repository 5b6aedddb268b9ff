// A file in memory that neither lies nor crashes: private, guarded, populated without copying.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "result.h"
#include "sigbus_guard.h"

namespace zc {

enum class Advice { normal, random, sequential, willneed, dontneed };

// The whole of one file, mapped MAP_PRIVATE | PROT_READ | PROT_WRITE | MAP_NORESERVE. The descriptor is closed
// once the file is mapped. Shared: each view of the memory holds a reference, and the map goes with the last.
// All methods may be called from any thread.
//
// A write into the memory changes neither the file nor what other processes see, but every later reader of
// this map sees it: give others read-only views.
class MappedFile {
 public:
  // Blocks for the open and the mapping; reads nothing. An empty file has size() 0 and address() nullptr.
  static Result<std::shared_ptr<MappedFile>> open(const std::string& path) noexcept;
  // The same for a file that is open already. `fd` stays the caller's; `path` is for messages and for reopening.
  static Result<std::shared_ptr<MappedFile>> map(int fd, const std::string& path) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::byte* address() const noexcept { return address_; }
  uint64_t size() const noexcept { return size_; }  // bytes, as of open()
  const std::string& path() const noexcept { return path_; }

  // How many there are in this process: the kernel allows it 65,530 maps (vm.max_map_count), unless told otherwise.
  static uint64_t live() noexcept;

  // True once a page behind the file's new end (or one that the device could not read) was touched: from then
  // on some of the map reads as zeros. Check it after the bytes were used.
  bool poisoned() const noexcept { return intact_->load() != IntactBytes::all; }
  // What poisoned() looks at, for those who look often; it outlives the map.
  const std::shared_ptr<IntactBytes>& intact() const noexcept { return intact_; }
  // Ok, or the `poisoned` error with the place of the first page that was missed.
  Result<void> check() const noexcept;

  // Brings the range into the page cache and this process's page table. Blocks until it is there: call it off
  // the JavaScript thread. MADV_POPULATE_READ (Linux 5.14); before that WILLNEED and one read a page.
  Result<void> populate(uint64_t offset, uint64_t length) noexcept;

  // madvise over the pages that the range touches. Does not block for the data.
  Result<void> advise(uint64_t offset, uint64_t length, Advice advice) noexcept;

  // From now on populate() reads what is missing in pages of 2 MiB (see read_in_huge_pages). So does a touch.
  bool read_in_huge_pages() noexcept;

  // How many bytes of the range lie in the page cache, in whole pages but for the range's ends; starts no read
  // where the kernel can tell without (cachestat, Linux 6.5), else samples at most 256 pages of it.
  Result<uint64_t> resident(uint64_t offset, uint64_t length) const noexcept;

  // Reads without touching the map (open, pread, close); blocks. For single reads where maps are scarce.
  Result<void> read(uint64_t offset, uint64_t length, void* destination) const noexcept;

 private:
  explicit MappedFile(std::string path) noexcept;
  Result<void> check_range(uint64_t offset, uint64_t length, const char* operation) const noexcept;
  Result<int> reopen() const noexcept;

  std::string path_;
  std::byte* address_ = nullptr;
  uint64_t size_ = 0;
  uint64_t device_ = 0;  // st_dev and st_ino, so that a reopened path is known to be the same file
  uint64_t inode_ = 0;
  std::shared_ptr<IntactBytes> intact_ = std::make_shared<IntactBytes>();
  SigbusGuard guard_;
};

}  // namespace zc
