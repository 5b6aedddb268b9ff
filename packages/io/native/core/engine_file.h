// One file as the read engine holds it: a descriptor for each way of reading, and a map, made when first needed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "mapped_file.h"
#include "residency.h"
#include "result.h"
#include "unique_fd.h"

namespace zc {

// What direct reads of a file must be multiples of, in bytes.
struct DirectAlignment {
  uint32_t memory = 0;
  uint32_t offset = 0;  // of offset and length in the file
};

// By statx(STATX_DIOALIGN) where it is known (Linux 6.1), else 4096 for both, which every common disk accepts.
// Nothing where the file system says that it has no direct I/O.
std::optional<DirectAlignment> direct_alignment(int fd) noexcept;

// Thread-safe. Reads in flight share the ownership, so the descriptors live until the last one is done.
class EngineFile {
 public:
  struct Direct {
    int fd;
    DirectAlignment alignment;
  };

  static Result<std::shared_ptr<EngineFile>> open(const std::string& path) noexcept;

  const std::string& path() const noexcept { return path_; }
  uint64_t size() const noexcept { return size_; }
  int buffered_fd() const noexcept { return buffered_.get(); }

  // The O_DIRECT descriptor; nothing where direct reads are refused, now or before.
  std::optional<Direct> direct() noexcept;
  // Called when a direct read is refused although the descriptor was not.
  void refuse_direct() noexcept;
  // True once, after the file's system has refused: for who counts such files.
  bool take_refusal() noexcept;

  // How many bytes of a range the file has now: fewer where it was cut. Nothing where the system does not say.
  std::optional<uint64_t> bytes_of(uint64_t offset, uint64_t length) const noexcept;

  // What probes of its extents have found (see is_resident).
  ProbeHistory& probes() noexcept { return probes_; }

  // The file's map. Fails with `map`, or with `short_read` when the file was cut since it was opened.
  Result<MappedFile*> map() noexcept;
  // Whether populating the map reads in pages of 2 MiB; ask after map().
  bool reads_in_huge_pages() const noexcept { return reads_in_huge_pages_.load(std::memory_order_relaxed); }

 private:
  enum class DirectState { unknown, available, refused };

  std::string path_;
  uint64_t size_ = 0;
  UniqueFd buffered_;

  std::mutex mutex_;  // guards what is made when first needed
  DirectState direct_state_ = DirectState::unknown;
  bool refusal_taken_ = false;
  UniqueFd direct_;
  DirectAlignment alignment_;
  std::shared_ptr<MappedFile> map_;
  std::atomic<bool> reads_in_huge_pages_{false};
  ProbeHistory probes_;
};

}  // namespace zc
