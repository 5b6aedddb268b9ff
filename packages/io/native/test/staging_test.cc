// Staging buffers: aligned, each with bytes of its own, bounded, and of whichever sizes are wanted now.
#include "../core/staging.h"

#include <cstring>
#include <random>

#include "harness.h"

using zc::StagingPool;

namespace {

constexpr uint64_t bound = 64 << 20;

// Every byte of a buffer becomes `mark`.
void fill(const StagingPool::Buffer& buffer, int mark) { std::memset(buffer.data, mark, buffer.capacity); }

bool holds(const StagingPool::Buffer& buffer, int mark) {
  for (size_t i = 0; i < buffer.capacity; i++) {
    if (buffer.data[i] != static_cast<std::byte>(mark)) return false;
  }
  return true;
}

}  // namespace

TEST("staging buffers of all sizes, taken and given back in any order, never share a byte") {
  StagingPool pool(bound);
  std::minstd_rand random(7);
  struct Taken {
    StagingPool::Buffer buffer;
    int mark;
  };
  std::vector<Taken> taken;
  for (int i = 0; i < 2000; i++) {
    if (taken.size() > 40 || (!taken.empty() && random() % 2 == 0)) {
      const size_t which = random() % taken.size();
      CHECK(holds(taken[which].buffer, taken[which].mark));
      pool.release(taken[which].buffer);
      taken.erase(taken.begin() + static_cast<ptrdiff_t>(which));
      continue;
    }
    const size_t bytes = 1 + random() % (size_t{1} << (12 + random() % 11));
    const auto buffer = pool.acquire(bytes);
    if (!buffer) continue;
    CHECK(buffer->capacity >= bytes);
    CHECK_EQUAL(reinterpret_cast<uintptr_t>(buffer->data) % 4096, 0u);
    CHECK(pool.total_bytes() <= bound);
    fill(*buffer, i % 251);
    taken.push_back({*buffer, i % 251});
  }
  for (const auto& [buffer, mark] : taken) {
    CHECK(holds(buffer, mark));
    pool.release(buffer);
  }
  CHECK(pool.idle());
}

TEST("a bound that one size has filled makes room for another size as soon as it is free") {
  StagingPool pool(bound);
  std::vector<StagingPool::Buffer> small;
  while (const auto buffer = pool.acquire(100'000)) small.push_back(*buffer);
  CHECK_EQUAL(small.size(), bound / (128 << 10));
  CHECK(!pool.acquire(1 << 20).has_value());
  for (const auto& buffer : small) pool.release(buffer);
  std::vector<StagingPool::Buffer> large;
  while (const auto buffer = pool.acquire(1 << 20)) large.push_back(*buffer);
  CHECK_EQUAL(large.size(), bound / (1 << 20));
  for (const auto& buffer : large) pool.release(buffer);
  CHECK(pool.total_bytes() <= bound);
}

TEST("a buffer above the bound is had when no other one is out, and goes when it comes back") {
  for (const uint64_t small_bound : {uint64_t{64} << 10, bound}) {
    StagingPool pool(small_bound);
    const auto above = pool.acquire(small_bound + 1);
    CHECK(above.has_value());
    CHECK(!pool.acquire(1).has_value());
    pool.release(*above);
    CHECK_EQUAL(pool.total_bytes(), 0u);
    const auto within = pool.acquire(1);
    CHECK(within.has_value());
    pool.release(*within);
  }
}
