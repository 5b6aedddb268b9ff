#include "../core/capabilities.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "../core/read_engine.h"
#include "child_process.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::BackendChoice;
using zc::ErrorCode;
using zc::ReadEngine;

namespace {

// What a container's default profile does: io_uring_setup fails with `refusal`, for this process and for good.
void refuse_io_uring(int refusal) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(refusal)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {.len = std::size(program), .filter = program};
  CHECK_EQUAL(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  CHECK_EQUAL(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

int read_without_ring(int refusal) {
  refuse_io_uring(refusal);
  CHECK(!zc::probe_ring().ok);
  CHECK_EQUAL(zc::probe_ring().sys_errno, refusal);

  const auto forced = ReadEngine::create({.backend = BackendChoice::io_uring});
  CHECK(forced.error().code == ErrorCode::ring_refused);
  CHECK_EQUAL(forced.error().sys_errno, refusal);

  const auto content = zc::test::noise(1 << 20);
  const zc::test::TempFile file(content);
  const auto engine = zc::test::make_engine({});
  CHECK(engine->backend() == BackendChoice::threads);
  CHECK(engine->reason().find(strerrorname_np(refusal)) != std::string::npos);
  const uint32_t handle = zc::test::open_file(*engine, file.path());
  const zc::test::Memory memory(1 << 20);
  const auto outcome = zc::test::read(
      *engine, memory, zc::test::PlanBuilder().row(handle, 0, 1 << 20, zc::ReadWay::direct, 0));
  CHECK(outcome.ok);
  CHECK(std::memcmp(memory.data, content.data(), content.size()) == 0);
  return 0;
}

}  // namespace

CHILD(io_uring_forbidden) { return read_without_ring(EPERM); }
CHILD(io_uring_unknown) { return read_without_ring(ENOSYS); }

TEST("where io_uring is refused the threads read the same bytes, and the reason is known") {
  CHECK_EQUAL(zc::test::run_child("io_uring_forbidden").exit_code, 0);
  CHECK_EQUAL(zc::test::run_child("io_uring_unknown").exit_code, 0);
}

TEST("each refusal of io_uring has its own sentence and its own advice") {
  std::vector<std::string> reasons;
  for (const int refusal : {EPERM, ENOSYS, EINVAL, EMFILE, ENOMEM, EIO}) {
    const auto explained = zc::explain_ring_errno(refusal);
    CHECK(!explained.ok);
    CHECK(!explained.advice.empty());
    CHECK(explained.reason.find(strerrorname_np(refusal)) != std::string::npos);
    for (const auto& other : reasons) CHECK(other.substr(0, 20) != explained.reason.substr(0, 20));
    reasons.push_back(explained.reason);
  }
}

TEST("the system's capabilities are what the engine finds") {
  const auto system = zc::system_capabilities();
  CHECK(!system.kernel.empty());
  CHECK(system.memlock_bytes > 0);
  const auto engine = zc::test::make_engine({});
  CHECK_EQUAL(system.ring.ok, engine->backend() == BackendChoice::io_uring);
  CHECK_EQUAL(system.ring.ok, engine->reason().empty());
}

TEST("direct capability names the file system and its alignment, or why there is none") {
  const zc::test::TempFile file(zc::test::noise(10000));
  const auto disk = zc::direct_capability(file.path());
  REQUIRE_OK(disk);
  CHECK(!disk.value().filesystem.empty());
  if (disk.value().ok) {
    CHECK(disk.value().offset_alignment >= 1u && disk.value().offset_alignment <= 65536u);
  } else {
    CHECK(!disk.value().advice.empty());
  }
  CHECK_EQUAL(zc::direct_capability("/dev/shm").value().filesystem, std::string("tmpfs"));
  CHECK(zc::direct_capability("/nowhere/at/all").error().code == ErrorCode::open);
}
