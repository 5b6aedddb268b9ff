#include "capabilities.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iterator>

#include "crc32c.h"
#include "engine_file.h"
#include "ring.h"
#include "unique_fd.h"

namespace zc {
namespace {

std::string filesystem_name(uint64_t type) {
  struct Name {
    uint64_t type;
    const char* name;
  };
  constexpr Name names[] = {
      {0xef53, "ext4"},          {0x58465342, "xfs"},      {0x9123683e, "btrfs"},  {0x01021994, "tmpfs"},
      {0x794c7630, "overlayfs"}, {0x6969, "nfs"},          {0x65735546, "fuse"},   {0x2fc12fc1, "zfs"},
      {0xf2f52010, "f2fs"},      {0xff534d42, "cifs"},     {0xfe534d42, "smb2"},   {0x0bd00bd0, "lustre"},
      {0x00c36400, "ceph"},      {0x73717368, "squashfs"}, {0x01021997, "9p"},     {0x47504653, "gpfs"},
      {0xe0f5e1e2, "erofs"},     {0x858458f6, "ramfs"},    {0x9fa0, "proc"},       {0x4d44, "vfat"},
  };
  for (const Name& known : names) {
    if (known.type == type) return known.name;
  }
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(type));
  return text;
}

// 0, 1 or 2; -1 where the kernel has no such setting (before Linux 6.6).
int ring_sysctl() {
  const UniqueFd fd(::open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC));
  char digit = 0;
  if (!fd || ::read(fd.get(), &digit, 1) != 1) return -1;
  return digit - '0';
}

}  // namespace

RingCapability explain_ring_errno(int sys_errno) {
  RingCapability answer;
  answer.sys_errno = sys_errno;
  const std::string cause = describe_errno(sys_errno);
  switch (sys_errno) {
    case EPERM:
    case EACCES:
      if (ring_sysctl() > 0) {
        answer.reason = "io_uring is switched off on this system (kernel.io_uring_disabled): " + cause + ".";
        answer.advice = "As root: sysctl kernel.io_uring_disabled=0. Reads go through the thread pool meanwhile.";
      } else {
        answer.reason = "io_uring is forbidden to this process, by a seccomp filter as containers have it: " + cause + ".";
        answer.advice =
            "Run the container with a seccomp profile that allows io_uring_setup, io_uring_enter and "
            "io_uring_register. Reads go through the thread pool meanwhile.";
      }
      break;
    case ENOSYS:
      answer.reason = "This kernel has no io_uring, or a sandbox hides it: " + cause + ".";
      answer.advice = "Linux 5.6 or later has it. Reads go through the thread pool meanwhile.";
      break;
    case EINVAL:
      answer.reason = "The io_uring of this kernel cannot make plain reads: " + cause + ".";
      answer.advice = "Linux 5.6 or later can. Reads go through the thread pool meanwhile.";
      break;
    case EMFILE:
    case ENFILE:
      answer.reason = "There are too many open files for a ring: " + cause + ".";
      answer.advice = "Raise the limit with ulimit -n, or close files. Reads go through the thread pool meanwhile.";
      break;
    case ENOMEM:
      answer.reason = "There is too little memory, or too low a limit of locked memory, for a ring: " + cause + ".";
      answer.advice = "Raise the limit with ulimit -l. Reads go through the thread pool meanwhile.";
      break;
    default:
      answer.reason = "io_uring cannot be used: " + cause + ".";
      answer.advice = "Reads go through the thread pool meanwhile.";
  }
  return answer;
}

RingCapability probe_ring() noexcept {
  constexpr uint32_t entries = 4;
  Ring ring;
  const auto created = ring.create(entries);
  if (!created) return explain_ring_errno(created.error().sys_errno);
  RingCapability answer;
  answer.ok = true;
  return answer;
}

SystemCapabilities system_capabilities() noexcept {
  SystemCapabilities answer;
  utsname names;
  if (::uname(&names) == 0) answer.kernel = names.release;
  answer.ring = probe_ring();
  rlimit limit;
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    answer.memlock_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
  }
  answer.crc32c = crc32c_implementations().front().name;
  return answer;
}

Result<DirectCapability> direct_capability(const std::string& path) noexcept {
  // Without waiting for who would write to a pipe.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  struct statfs filesystem;
  if (!fd || ::fstat(fd.get(), &status) != 0 || ::fstatfs(fd.get(), &filesystem) != 0) {
    return Error{.code = ErrorCode::open, .sys_errno = errno, .operation = "open", .path = path};
  }
  DirectCapability answer;
  answer.filesystem = filesystem_name(static_cast<uint64_t>(filesystem.f_type));
  if (!S_ISREG(status.st_mode)) {
    answer.reason = "Direct I/O is a property of a file; this is none.";
    answer.advice = "Name a file on the file system in question.";
    return answer;
  }
  const auto alignment = direct_alignment(fd.get());
  const UniqueFd direct(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
  if (!alignment || !direct) {
    answer.reason = "The file system " + answer.filesystem + " has no direct I/O for this file.";
    answer.advice = "Reads go through the page cache. Local ext4 or xfs has direct I/O.";
    return answer;
  }
  answer.ok = true;
  answer.memory_alignment = alignment->memory;
  answer.offset_alignment = alignment->offset;
  return answer;
}

}  // namespace zc
