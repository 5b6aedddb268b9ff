// What is said of the page cache where cachestat may not be asked: before Linux 6.5, and of a stranger's files.
#include "../core/residency.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "../core/unique_fd.h"
#include "child_process.h"
#include "harness.h"
#include "temp_file.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

namespace {

// The exit code of a child whose folder for temporary files lies in memory, where nothing can be dropped.
constexpr int not_to_be_had = 77;
constexpr uint64_t page = 4096;
constexpr uint64_t extent = 64 << 10;
constexpr uint64_t extents = 256;

void refuse_cachestat() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_cachestat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  CHECK_EQUAL(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQUAL(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

// By mincore, which tells the truth of a file of one's own.
ptrdiff_t cached_pages(int fd) {
  void* map = ::mmap(nullptr, extents * extent, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(map != MAP_FAILED);
  std::vector<unsigned char> pages(extents * extent / page);
  CHECK_EQUAL(::mincore(map, extents * extent, pages.data()), 0);
  ::munmap(map, extents * extent);
  return std::ranges::count_if(pages, [](unsigned char state) { return (state & 1) != 0; });
}

bool asks_cachestat(int fd) {
  const uint64_t range[2] = {0, page};
  uint64_t answer[5];
  return ::syscall(SYS_cachestat, fd, range, answer, 0) == 0;
}

uint64_t found_extents(int fd, zc::ProbeHistory& history) {
  uint64_t found = 0;
  for (uint64_t i = 0; i < extents; i++) found += zc::is_resident(fd, i * extent, extent, history) ? 1 : 0;
  return found;
}

}  // namespace

CHILD(may_not_ask_cachestat) {
  refuse_cachestat();
  const zc::test::TempFile file(zc::test::noise(extents * extent));
  const zc::UniqueFd fd(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  zc::ProbeHistory history;

  file.drop_from_cache();
  if (cached_pages(fd.get()) > 0) return not_to_be_had;
  CHECK_EQUAL(found_extents(fd.get(), history), 0u);
  // The kernel reads in its own time what a probe has missed, the first 16 and every 16th after them. (Before Linux
  // 6.5 it reads nothing, and this only waits.)
  for (int i = 0; i < 1000 && cached_pages(fd.get()) < 31; i++) ::usleep(1000);
  ::usleep(100'000);
  CHECK(cached_pages(fd.get()) < 64);

  std::vector<std::byte> content(extents * extent);
  CHECK_EQUAL(::pread(fd.get(), content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
  CHECK_EQUAL(zc::resident_bytes(fd.get(), 0, content.size()).value(), content.size());
  CHECK(found_extents(fd.get(), history) > extents - 16);
  CHECK_EQUAL(found_extents(fd.get(), history), extents);
  return 0;
}

TEST("where cachestat is refused, a cold file is seldom probed, and one that becomes resident is found") {
  const auto end = zc::test::run_child("may_not_ask_cachestat");
  CHECK_EQUAL(end.signal, 0);
  CHECK(end.exit_code == 0 || end.exit_code == not_to_be_had);
}

TEST("cachestat tells what is resident, whatever was before") {
  const zc::test::TempFile file(zc::test::noise(extents * extent));
  const zc::UniqueFd fd(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
  zc::ProbeHistory history;
  CHECK_EQUAL(found_extents(fd.get(), history), extents);
  file.drop_from_cache();
  if (!asks_cachestat(fd.get()) || cached_pages(fd.get()) > 0) return;
  CHECK_EQUAL(found_extents(fd.get(), history), 0u);
  std::byte byte;
  CHECK_EQUAL(::pread(fd.get(), &byte, 1, 9 * extent), 1);
  CHECK(!zc::is_resident(fd.get(), 9 * extent, extent, history));
  CHECK(zc::is_resident(fd.get(), 9 * extent, page, history));
}
