// A process that may start no further thread, as under a container's limit of processes.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "../core/buffer_pool.h"
#include "../core/read_engine.h"
#include "child_process.h"
#include "harness.h"

namespace {

// Root is above the limit, so it becomes nobody first.
void allow_no_thread() {
  const rlimit none{0, 0};
  CHECK_EQUAL(::setrlimit(RLIMIT_NPROC, &none), 0);
  if (::getuid() == 0) CHECK_EQUAL(::setresuid(65534, 65534, 65534), 0);
}

}  // namespace

CHILD(starts_no_thread) {
  allow_no_thread();
  for (const auto backend : {zc::BackendChoice::automatic, zc::BackendChoice::threads}) {
    const auto engine = zc::ReadEngine::create({.backend = backend});
    CHECK(!engine.ok());
    CHECK(engine.error().code == zc::ErrorCode::memory);
  }
  // It only goes without having its pages faulted in ahead.
  const auto pool = zc::BufferPool::create({.slot_bytes = 4096, .slots = 2});
  REQUIRE_OK(pool);
  CHECK(pool.value()->acquire().has_value());
  std::fflush(nullptr);
  ::_exit(0);  // A sanitizer's look for leaks would need a thread.
}

TEST("where no thread can be had an engine is a typed error, and a pool does without") {
  const auto end = zc::test::run_child("starts_no_thread");
  CHECK_EQUAL(end.signal, 0);
  CHECK_EQUAL(end.exit_code, 0);
}
