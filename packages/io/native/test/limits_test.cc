// A process that has used up what the system gives it of one thing.
#include <malloc.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "../core/mapped_file.h"
#include "../core/read_engine.h"
#include "child_process.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::ReadWay;

namespace {

constexpr size_t page = 4096;
constexpr uint64_t maps_worth_using_up = 300'000;

uint64_t max_map_count() {
  uint64_t count = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> count;
  return count;
}

// Splits one map into as many as there may be, by giving every second page another protection, and then makes what
// few more there may be.
void use_up_all_maps() {
  const size_t pages = 2 * max_map_count() + 16;
  void* area = ::mmap(nullptr, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(area != MAP_FAILED);
  for (size_t at = 1; at < pages; at += 2) {
    if (::mprotect(static_cast<std::byte*>(area) + at * page, page, PROT_READ) != 0) break;
  }
  for (int protection = PROT_NONE;; protection ^= PROT_READ) {
    if (::mmap(nullptr, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return;
  }
}

}  // namespace

CHILD(no_map_left) {
  // Small memory grows in place then, and needs no map: what is tested is what the core makes maps for.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  const auto content = zc::test::noise(1 << 20);
  const zc::test::TempFile file(content);
  const zc::test::Memory memory(1 << 20);
  const auto ring = zc::test::make_engine({});
  const auto threads = zc::test::make_engine({.backend = zc::BackendChoice::threads, .threads = 2});
  const uint32_t in_ring = zc::test::open_file(*ring, file.path());
  const uint32_t in_threads = zc::test::open_file(*threads, file.path());
  use_up_all_maps();
  const auto mapped = zc::MappedFile::open(file.path());
  CHECK(mapped.error().code == ErrorCode::map);
  CHECK_EQUAL(mapped.error().sys_errno, ENOMEM);
  CHECK_EQUAL(mapped.error().path, file.path());
  for (const ReadWay way : zc::test::every_way) {
    for (auto* engine : {ring.get(), threads.get()}) {
      std::memset(memory.data, 0, memory.length);
      const uint32_t handle = engine == ring.get() ? in_ring : in_threads;
      const auto outcome = zc::test::read(*engine, memory, zc::test::PlanBuilder().row(handle, 0, 1 << 20, way, 0));
      if (!outcome.ok) zc::test::fail(__FILE__, __LINE__, zc::describe(outcome.error));
      CHECK(std::memcmp(memory.data, content.data(), content.size()) == 0);
    }
  }
  return 0;
}

TEST("where no further map can be had, rows are read instead of copied from one") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  std::printf("        not run: the sanitizer needs maps of its own\n");
#else
  if (max_map_count() > maps_worth_using_up) {
    std::printf("        not run: vm.max_map_count is too high to be used up\n");
    return;
  }
  CHECK_EQUAL(zc::test::run_child("no_map_left").exit_code, 0);
#endif
}
