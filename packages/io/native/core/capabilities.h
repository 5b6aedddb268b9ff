// What this kernel, process and file system let the engine do, and what to do about what they do not.
#pragma once

#include <cstdint>
#include <string>

#include "result.h"

namespace zc {

struct RingCapability {
  bool ok = false;
  int sys_errno = 0;
  std::string reason;  // one sentence; empty when ok
  std::string advice;  // what to do about it; empty when ok
};

// Makes a ring and reads one byte through it, for a ring that can be made is not yet one that may read.
RingCapability probe_ring() noexcept;
// What an errno of io_uring_setup or of the first read means.
RingCapability explain_ring_errno(int sys_errno);

struct SystemCapabilities {
  std::string kernel;          // release, e.g. "6.18.44"
  RingCapability ring;
  uint64_t memlock_bytes = 0;  // soft RLIMIT_MEMLOCK; UINT64_MAX: no limit
  std::string crc32c;          // implementation
};
SystemCapabilities system_capabilities() noexcept;

struct DirectCapability {
  bool ok = false;
  uint32_t memory_alignment = 0;  // bytes; of the buffer's address
  uint32_t offset_alignment = 0;  // bytes; of offset and length in the file
  std::string filesystem;         // "ext4", "xfs", "tmpfs", …; the type's number in hex where it has no name here
  std::string reason;             // where not ok
  std::string advice;
};
// `path` is a file; for a directory only the file system is named and ok is false. `open` error where there is none.
Result<DirectCapability> direct_capability(const std::string& path) noexcept;

}  // namespace zc
