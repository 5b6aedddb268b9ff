#include "huge_pages.h"

#include <sys/mman.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdio>

namespace zc {
namespace {

constexpr size_t page_bytes = 4096;

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

// Before Linux 5.18 a map that is told to expect random access would be read page by page.
bool reads_in_huge_pages() {
  struct utsname system;
  int major = 0;
  int minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 18);
}

}  // namespace

void* map_aligned(size_t bytes, int flags, int fd) noexcept {
  if (bytes < huge_page_bytes) return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  const size_t mapped = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  const size_t reserved = mapped + huge_page_bytes;
  void* reservation = ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // Too little address space for the detour (`ulimit -v`): any address will do.
  if (reservation == MAP_FAILED) return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
  auto* begin = static_cast<std::byte*>(reservation);
  const size_t skipped = -reinterpret_cast<uintptr_t>(begin) % huge_page_bytes;
  void* address = ::mmap(begin + skipped, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
  const int error = errno;
  if (address == MAP_FAILED) {
    ::munmap(reservation, reserved);
  } else {
    if (skipped > 0) ::munmap(begin, skipped);
    ::munmap(begin + skipped + mapped, huge_page_bytes - skipped);
  }
  errno = error;
  return address;
}

bool give_memory(std::byte* address, size_t bytes, bool ask_for_huge) noexcept {
  const size_t whole = bytes / huge_page_bytes * huge_page_bytes;
  if (ask_for_huge && whole > 0) {
    // A range in which nothing has memory cannot be collapsed.
    for (size_t at = 0; at < whole; at += huge_page_bytes) ::madvise(address + at, page_bytes, MADV_POPULATE_WRITE);
    // EAGAIN: a page of the range is being read into. Any other refusal holds for the next one as well.
    if (::madvise(address, whole, MADV_COLLAPSE) != 0 && errno != EAGAIN) ask_for_huge = false;
  }
  ::madvise(address, bytes, MADV_POPULATE_WRITE);
  return ask_for_huge;
}

bool read_in_huge_pages(std::byte* address, size_t bytes) noexcept {
  static const bool possible = reads_in_huge_pages();
  return possible && ::madvise(address, bytes, MADV_HUGEPAGE) == 0;
}

}  // namespace zc
