#include "../core/buffer_pool.h"
#include "../core/huge_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <thread>

#include "harness.h"

using zc::BufferPool;
using zc::ErrorCode;
using zc::Slot;

namespace {

std::shared_ptr<BufferPool> make(size_t slot_bytes, uint32_t slots, uint64_t max_bytes = 0) {
  auto pool = BufferPool::create({.slot_bytes = slot_bytes, .slots = slots, .max_bytes = max_bytes});
  REQUIRE_OK(pool);
  return pool.value();
}

}  // namespace

TEST("slots are page-aligned, apart from each other, and inside their memfd") {
  const auto pool = make(5000, 3);
  std::set<uint64_t> offsets;
  for (int i = 0; i < 3; i++) {
    const Slot slot = pool->acquire().value();
    CHECK_EQUAL(slot.offset % 4096, 0u);
    CHECK_EQUAL(slot.length, 5000u);
    CHECK(slot.data == pool->segments()[0].address + slot.offset);
    offsets.insert(slot.offset);
    std::memset(slot.data, 0xa0 + i, slot.length);
    std::byte seen;
    CHECK_EQUAL(::pread(pool->segments()[0].fd, &seen, 1, static_cast<off_t>(slot.offset + 4999)), 1);
    CHECK(seen == static_cast<std::byte>(0xa0 + i));
  }
  CHECK(offsets == (std::set<uint64_t>{4096, 4096 + 8192, 4096 + 16384}));
  CHECK(!pool->acquire().has_value());
  CHECK_EQUAL(pool->leased(), 3u);
}

TEST("a segment begins at a multiple of 2 MiB, and a slot that is handed out has its memory") {
  const auto pool = make(3 << 20, 3);
  for (int i = 0; i < 3; i++) {
    const Slot slot = pool->acquire().value();
    std::vector<unsigned char> resident(slot.length / 4096);
    CHECK_EQUAL(::mincore(slot.data, slot.length, resident.data()), 0);
    CHECK(std::all_of(resident.begin(), resident.end(), [](unsigned char page) { return (page & 1) != 0; }));
  }
  CHECK_EQUAL(reinterpret_cast<uintptr_t>(pool->segments()[0].address) % zc::huge_page_bytes, 0u);
}

TEST("giving memory to a range changes nothing that it holds, whether it becomes huge pages or not") {
  constexpr size_t bytes = 2 * zc::huge_page_bytes + 4096;
  auto* memory = static_cast<unsigned char*>(zc::map_aligned(bytes, MAP_SHARED | MAP_ANONYMOUS, -1));
  CHECK(memory != MAP_FAILED);
  for (size_t i = 0; i < bytes; i += 5000) memory[i] = static_cast<unsigned char>(i / 5000);
  bool ask_for_huge = true;
  for (size_t at = 0; at < bytes; at += zc::huge_page_bytes) {
    const size_t step = std::min(zc::huge_page_bytes, bytes - at);
    ask_for_huge = zc::give_memory(reinterpret_cast<std::byte*>(memory) + at, step, ask_for_huge);
  }
  size_t changed = 0;
  for (size_t i = 0; i < bytes; i++) {
    changed += memory[i] != (i % 5000 == 0 ? static_cast<unsigned char>(i / 5000) : 0);
  }
  CHECK_EQUAL(changed, 0u);
  CHECK_EQUAL(::munmap(memory, bytes), 0);
}

TEST("the slot freed last is handed out first, as a new generation") {
  const auto pool = make(4096, 4);
  const Slot first = pool->acquire().value();
  const Slot second = pool->acquire().value();
  CHECK_EQUAL(first.index, 0u);
  CHECK_EQUAL(second.index, 1u);
  CHECK_EQUAL(first.generation, 1u);
  CHECK(pool->release(second.segment, second.index, second.generation));
  CHECK(pool->release(first.segment, first.index, first.generation));
  const Slot again = pool->acquire().value();
  CHECK_EQUAL(again.index, first.index);
  CHECK_EQUAL(again.generation, 2u);
}

TEST("a lease ends once: stale and foreign releases are refused") {
  const auto pool = make(4096, 2);
  const Slot slot = pool->acquire().value();
  CHECK(!pool->release(0, slot.index, slot.generation + 1));
  CHECK(!pool->release(0, 7, 1));
  CHECK(!pool->release(3, 0, 1));
  CHECK(pool->release(0, slot.index, slot.generation));
  CHECK(!pool->release(0, slot.index, slot.generation));
  CHECK_EQUAL(pool->leased(), 0u);
}

TEST("the pool grows up to its budget and no further") {
  const auto pool = make(4096, 4, 4096 + 4 * 4096 + 4096 + 3 * 4096);
  CHECK_EQUAL(pool->grow().value(), 2u);
  CHECK_EQUAL(pool->capacity(), 6u);
  const auto refused = pool->grow();
  CHECK(refused.error().code == ErrorCode::memory_budget);
  for (int i = 0; i < 6; i++) CHECK(pool->acquire().has_value());
  CHECK(!pool->acquire().has_value());
  CHECK_EQUAL(pool->segments().size(), 2u);
  CHECK(pool->segments()[0].fd != pool->segments()[1].fd);
}

TEST("a segment may neither shrink nor grow nor be unsealed") {
  const auto pool = make(4096, 1);
  const int fd = pool->segments()[0].fd;
  CHECK_EQUAL(::ftruncate(fd, 4096), -1);
  CHECK_EQUAL(errno, EPERM);
  CHECK_EQUAL(::ftruncate(fd, 1 << 20), -1);
  CHECK_EQUAL(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST("the control word says which generation the other process released") {
  const auto pool = make(4096, 3);
  const auto segment = pool->segments()[0];
  void* theirs = ::mmap(nullptr, segment.size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, segment.fd, 0);
  CHECK(theirs != MAP_FAILED);
  CHECK_EQUAL(pool->released_generation(0, 2), 0u);
  static_cast<uint32_t*>(theirs)[2 * 2] = 41;
  CHECK_EQUAL(pool->released_generation(0, 2), 41u);
  CHECK_EQUAL(pool->released_generation(0, 1), 0u);
  ::munmap(theirs, segment.size_bytes);
}

TEST("a pool without slots, or of impossible size, is an error") {
  CHECK(BufferPool::create({.slot_bytes = 0, .slots = 1}).error().code == ErrorCode::argument);
  CHECK(BufferPool::create({.slot_bytes = 1, .slots = 0}).error().code == ErrorCode::argument);
  CHECK(BufferPool::create({.slot_bytes = size_t{1} << 40, .slots = 1 << 20}).error().code == ErrorCode::memory);
}

TEST("threads that acquire and release never share a slot") {
  const auto pool = make(4096, 3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 1; t <= 4; t++) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3000; i++) {
        const auto slot = pool->acquire();
        if (!slot) continue;
        std::memcpy(slot->data, &t, sizeof t);
        std::this_thread::yield();
        uint32_t seen;
        std::memcpy(&seen, slot->data, sizeof seen);
        if (seen != t || !pool->release(slot->segment, slot->index, slot->generation)) wrong++;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0);
  CHECK_EQUAL(pool->leased(), 0u);
}
