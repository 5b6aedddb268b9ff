// Reads that the kernel does not finish: made with userfaultfd, which lets a page of the target be missing for as
// long as the test likes.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstdio>
#include <chrono>

#include "../core/read_engine.h"
#include "../core/unique_fd.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::ReadWay;

namespace {

constexpr size_t page = 4096;

// Memory whose pages are missing until provide(); whoever touches one before, the kernel included, waits.
class MissingMemory {
 public:
  // False where this process may not make the kernel wait (needs CAP_SYS_PTRACE or vm.unprivileged_userfaultfd).
  bool create(size_t length) {
    length_ = length;
    fault_.reset(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC)));
    if (!fault_) return false;
    uffdio_api api = {.api = UFFD_API, .features = 0, .ioctls = 0};
    CHECK_EQUAL(::ioctl(fault_.get(), UFFDIO_API, &api), 0);
    address_ = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register range = {.range = this->range(), .mode = UFFDIO_REGISTER_MODE_MISSING, .ioctls = 0};
    CHECK_EQUAL(::ioctl(fault_.get(), UFFDIO_REGISTER, &range), 0);
    return true;
  }
  ~MissingMemory() {
    if (address_ != MAP_FAILED) ::munmap(address_, length_);
  }

  // Blocks until someone waits for a page.
  void wait_for_touch() {
    uffd_msg message;
    CHECK_EQUAL(::read(fault_.get(), &message, sizeof message), ssize_t{sizeof message});
  }
  void provide() {
    uffdio_zeropage zeros = {.range = range(), .mode = 0, .zeropage = 0};
    CHECK_EQUAL(::ioctl(fault_.get(), UFFDIO_ZEROPAGE, &zeros), 0);
  }
  std::byte* data() const { return static_cast<std::byte*>(address_); }

 private:
  uffdio_range range() const { return {.start = reinterpret_cast<uint64_t>(address_), .len = length_}; }

  zc::UniqueFd fault_;
  void* address_ = MAP_FAILED;
  size_t length_ = 0;
};

}  // namespace

TEST("close gives up on reads that never end, and they harm nobody when they do") {
  const zc::test::TempFile file(zc::test::noise(16 * page));
  for (const auto backend : {zc::BackendChoice::io_uring, zc::BackendChoice::threads}) {
    MissingMemory missing;
    if (!missing.create(16 * page)) {
      std::printf("        not run: userfaultfd is not allowed here\n");
      return;
    }
    const auto engine = zc::test::make_engine({.backend = backend});
    const uint32_t handle = zc::test::open_file(*engine, file.path());
    zc::test::Memory memory(0);
    memory.data = missing.data();
    memory.length = 16 * page;
    auto pending = zc::test::submit(
        *engine, memory, zc::test::PlanBuilder().row(handle, 0, 16 * page, ReadWay::buffered, 0));
    missing.wait_for_touch();

    CHECK(!engine->close(20));
    CHECK(engine->close(20));  // nothing is left to do
    CHECK_EQUAL(engine->stats().batches_in_flight, 1u);
    CHECK(pending.outcome.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(memory.owner.use_count() == 2);

    missing.provide();
    CHECK(pending.outcome.get().error.code == ErrorCode::aborted);
  }
}
