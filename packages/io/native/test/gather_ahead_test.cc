#include "../capi/gather_ahead.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "harness.h"
#include "temp_file.h"

using zc::capi::GatherAhead;
using zc::capi::GatherMemory;
using zc::capi::RowGatherer;
using zc::test::noise;
using zc::test::TempFile;
using Outcome = GatherAhead::Outcome;

namespace {

constexpr size_t row_bytes = 100;

// One shard of 50 samples, rows of 100 bytes from 4096 on.
struct Shard {
  std::vector<std::byte> content = noise(4096 + 50 * row_bytes);
  TempFile file{content};
  RowGatherer rows{{50}, {{.type_code = 1, .type_bits = 8, .row_shape = {row_bytes}}}};
  std::shared_ptr<GatherMemory> memory = std::make_shared<GatherMemory>();

  Shard() { CHECK(rows.add(0, {zc::MappedFile::open(file.path().c_str()).value(), {4096}})); }
  bool holds(const GatherAhead::Batch& batch, int64_t first) const {
    for (size_t i = 0; i < batch.samples; i++) {
      const auto* const row = content.data() + 4096 + (static_cast<size_t>(first) + i) % 50 * row_bytes;
      if (std::memcmp(batch.memory->address() + i * row_bytes, row, row_bytes) != 0) return false;
    }
    return true;
  }
};

// The next batch, however long it takes.
Outcome take(GatherAhead& ahead, GatherAhead::Batch& batch) {
  for (;;) {
    if (const Outcome outcome = ahead.take_ready(batch); outcome != Outcome::not_ready) return outcome;
    if (const Outcome outcome = ahead.wait(); outcome != Outcome::taken) return outcome;
  }
}

std::vector<int64_t> samples_from(int64_t first, size_t count) {
  std::vector<int64_t> samples;
  for (size_t i = 0; i < count; i++) samples.push_back((first + static_cast<int64_t>(i)) % 50);
  return samples;
}

}  // namespace

TEST("gather ahead: batches come in turn, the last one shorter, and then there are no samples") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 8, .ahead = 2, .lent_max = 10});
  GatherAhead::Batch batch;
  CHECK(take(ahead, batch) == Outcome::no_samples);
  ahead.add(samples_from(0, 16));
  ahead.add(samples_from(16, 5));
  for (int64_t first = 0; first < 21; first += 8) {
    CHECK(take(ahead, batch) == Outcome::taken);
    CHECK_EQUAL(batch.samples, first < 16 ? 8u : 5u);
    CHECK(shard.holds(batch, first));
  }
  CHECK(take(ahead, batch) == Outcome::no_samples);
  CHECK(ahead.take_ready(batch) == Outcome::no_samples);
}

TEST("gather ahead: is there before it is asked for, and no further ahead than it may be") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 4, .ahead = 2, .lent_max = 10});
  ahead.add(samples_from(0, 40));
  GatherAhead::Batch batch;
  while (ahead.take_ready(batch) == Outcome::not_ready) std::this_thread::yield();
  CHECK(shard.holds(batch, 0));
  for (int i = 0; i < 1000 && shard.memory->lent() < 3; i++) ::usleep(1000);
  ::usleep(5000);
  CHECK_EQUAL(shard.memory->lent(), 3u);
}

TEST("gather ahead: makes no more batches than may be kept, and goes on when one is let go of") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 4, .ahead = 2, .lent_max = 3});
  ahead.add(samples_from(0, 40));
  std::vector<GatherAhead::Batch> kept(3);
  for (auto& batch : kept) CHECK(take(ahead, batch) == Outcome::taken);
  GatherAhead::Batch batch;
  CHECK(take(ahead, batch) == Outcome::no_room);
  kept.erase(kept.begin());
  CHECK(take(ahead, batch) == Outcome::taken);
  CHECK(shard.holds(batch, 12) && shard.holds(kept[0], 4));
}

TEST("gather ahead: a sample that is none, and a file that was cut short, are failures of their batch") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 4, .ahead = 1, .lent_max = 10});
  ahead.add(samples_from(0, 4));
  ahead.add(std::vector<int64_t>{1, 2, 50, 3});
  GatherAhead::Batch batch;
  CHECK(take(ahead, batch) == Outcome::taken);
  CHECK(take(ahead, batch) == Outcome::failed);
  CHECK(take(ahead, batch) == Outcome::failed);

  Shard cut;
  GatherAhead of_cut(cut.rows, cut.memory, {.batch_samples = 4, .ahead = 1, .lent_max = 10});
  CHECK_EQUAL(::truncate(cut.file.path().c_str(), 0), 0);
  of_cut.add(samples_from(0, 4));
  CHECK(take(of_cut, batch) == Outcome::failed);
}

TEST("gather ahead: several threads take each batch once") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 1, .ahead = 3, .lent_max = 100});
  ahead.add(samples_from(0, 50));
  std::array<std::atomic<int>, 50> seen{};
  const auto take_all = [&] {
    GatherAhead::Batch batch;
    while (take(ahead, batch) == Outcome::taken) {
      for (size_t i = 0; i < 50; i++) {
        if (shard.holds(batch, static_cast<int64_t>(i))) seen[i]++;
      }
    }
  };
  std::thread one(take_all), other(take_all);
  one.join();
  other.join();
  for (const auto& count : seen) CHECK_EQUAL(count.load(), 1);
}

TEST("gather ahead: once ended it gives no batch and keeps none") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 4, .ahead = 3, .lent_max = 10});
  ahead.add(samples_from(0, 40));
  GatherAhead::Batch batch;
  CHECK(take(ahead, batch) == Outcome::taken);
  ahead.end();
  CHECK(take(ahead, batch) == Outcome::failed);
  for (int i = 0; i < 1000 && shard.memory->lent() > 1; i++) ::usleep(1000);
  CHECK_EQUAL(shard.memory->lent(), 1u);
}

TEST("gather ahead: goes on after a long pause") {
  Shard shard;
  GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 4, .ahead = 2, .lent_max = 10});
  ahead.add(samples_from(0, 40));
  GatherAhead::Batch batch;
  CHECK(take(ahead, batch) == Outcome::taken && take(ahead, batch) == Outcome::taken);
  // It looks four times, for less than a millisecond each, and then sleeps.
  ::usleep(50'000);
  for (int64_t first = 8; first < 40; first += 4) {
    CHECK(take(ahead, batch) == Outcome::taken);
    CHECK(shard.holds(batch, first));
    ::usleep(2'000);
  }
}

TEST("gather ahead: ends while batches are being gathered, and in a forked child") {
  Shard shard;
  for (int i = 0; i < 100; i++) {
    GatherAhead ahead(shard.rows, shard.memory, {.batch_samples = 10, .ahead = 4, .lent_max = 100});
    ahead.add(samples_from(0, 50));
  }
  auto ahead = std::make_unique<GatherAhead>(
      shard.rows, shard.memory, GatherAhead::Options{.batch_samples = 10, .ahead = 4, .lent_max = 100});
  ahead->add(samples_from(0, 50));
  // The thread has something to wait for by then.
  ::usleep(20'000);
  const pid_t child = ::fork();
  if (child == 0) {
    GatherAhead::Batch batch;
    const bool has_none = ahead->take_ready(batch) == Outcome::failed;
    ahead.reset();
    ::_exit(has_none ? 0 : 1);
  }
  int status = -1;
  CHECK_EQUAL(::waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
}
