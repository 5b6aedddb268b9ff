// What a batch gets: the same bytes by every way and on either backend.
#include "../core/read_engine.h"

#include <atomic>
#include <cstring>
#include <thread>

#include "../core/crc32c.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::ReadEngine;
using zc::ReadOutcome;
using zc::ReadWay;
using zc::test::every_way;
using zc::test::Memory;
using zc::test::noise;
using zc::test::on_each_backend;
using zc::test::PlanBuilder;
using zc::test::TempFile;

namespace {

// 5 MiB and a bit: its end is aligned to nothing.
const std::vector<std::byte>& content() {
  static const std::vector<std::byte> bytes = noise((5 << 20) + 777);
  return bytes;
}

void check_bytes(const Memory& memory, size_t slot_offset, size_t file_offset, size_t length) {
  CHECK(std::memcmp(memory.data + slot_offset, content().data() + file_offset, length) == 0);
}

void check_ok(const ReadOutcome& outcome) {
  if (!outcome.ok) zc::test::fail(__FILE__, __LINE__, zc::describe(outcome.error));
}

bool untouched(const Memory& memory, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    if (memory.data[i] != std::byte{0xee}) return false;
  }
  return true;
}

}  // namespace

TEST("every way reads the same bytes, at any offset and length, cold and warm") {
  const TempFile file(content());
  struct Range {
    size_t offset, length;
  };
  const std::vector<Range> ranges = {{0, 4096},          {4096, 65536},      {1, 1},           {511, 513},
                                     {123457, 110592},   {1 << 20, 1 << 20}, {12345, 3 << 20}, {(5 << 20) + 700, 77},
                                     {(5 << 20), 777},   {4096, 1},          {8191, 2}};
  size_t total = 0;
  for (const auto& range : ranges) total += range.length + 100;
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    CHECK_EQUAL(engine.file_size(handle).value(), content().size());
    for (const ReadWay way : every_way) {
      for (const bool cold : {true, false}) {
        if (cold) file.drop_from_cache();
        const Memory memory(total);
        PlanBuilder plan;
        size_t at = 0;
        for (const auto& range : ranges) {
          plan.row(handle, double(range.offset), double(range.length), way, double(at));
          at += range.length + 100;
        }
        check_ok(zc::test::read(engine, memory, plan));
        at = 0;
        for (const auto& range : ranges) {
          check_bytes(memory, at, range.offset, range.length);
          CHECK(untouched(memory, at + range.length, at + range.length + 100));
          at += range.length + 100;
        }
      }
    }
  });
}

TEST("pieces of an extent go where they are told, and those only checked go nowhere") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    for (const ReadWay way : every_way) {
      const Memory memory(300000);
      const auto crc = [&](size_t offset, size_t length) { return double(zc::crc32c(content().data() + offset, length)); };
      PlanBuilder plan;
      plan.extent(handle, 5000, 200000, way,
                  {{.extent_offset = 100000, .length = 70000, .slot_offset = 0, .crc32c = crc(105000, 70000)},
                   {.extent_offset = 0, .length = 10, .slot_offset = 200000},
                   {.extent_offset = 50000, .length = 4096, .slot_offset = -1, .crc32c = crc(55000, 4096)},
                   {.extent_offset = 199999, .length = 1, .slot_offset = 250000, .crc32c = crc(204999, 1)}});
      const ReadOutcome outcome = zc::test::read(engine, memory, plan);
      check_ok(outcome);
      check_bytes(memory, 0, 105000, 70000);
      check_bytes(memory, 200000, 5000, 10);
      check_bytes(memory, 250000, 204999, 1);
      CHECK(untouched(memory, 70000, 200000));
      CHECK(untouched(memory, 200010, 250000));
      CHECK_EQUAL(outcome.counts.bytes_copied, 70011u);
    }
  });
}

TEST("a wrong checksum is named with its place, tag and both values") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    for (const ReadWay way : every_way) {
      for (const bool contiguous : {true, false}) {
        const Memory memory(20000);
        PlanBuilder plan;
        const uint32_t right = zc::crc32c(content().data() + 8192 + 4096, 4096);
        plan.extent(handle, 8192, 8192, way,
                    {{.extent_offset = 0, .length = 4096, .slot_offset = 0,
                      .crc32c = double(zc::crc32c(content().data() + 8192, 4096)), .tag = 7},
                     {.extent_offset = 4096, .length = 4096, .slot_offset = contiguous ? 4096.0 : 9000.0,
                      .crc32c = double(right ^ 1), .tag = 8}});
        const ReadOutcome outcome = zc::test::read(engine, memory, plan);
        CHECK(!outcome.ok);
        CHECK(outcome.error.code == ErrorCode::checksum);
        CHECK_EQUAL(outcome.error.offset, 8192 + 4096);
        CHECK_EQUAL(outcome.error.expected, int64_t{right ^ 1});
        CHECK_EQUAL(outcome.error.actual, int64_t{right});
        CHECK_EQUAL(outcome.error.tag, 8.0);
        CHECK_EQUAL(outcome.error.path, file.path());
      }
    }
  });
}

TEST("an aligned direct read lands in the slot, an unaligned one is staged, and the counts say so") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(1 << 20);
    auto outcome = zc::test::read(engine, memory, PlanBuilder().row(handle, 8192, 65536, ReadWay::direct, 4096));
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_direct, 65536u);
    CHECK_EQUAL(outcome.counts.bytes_copied, 0u);

    outcome = zc::test::read(engine, memory, PlanBuilder().row(handle, 8193, 65536, ReadWay::direct, 4096));
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_direct, 0u);
    CHECK_EQUAL(outcome.counts.bytes_staged, 65536u);
    CHECK_EQUAL(outcome.counts.bytes_copied, 65536u);
    CHECK(engine.stats().reads_direct >= 2u);

    outcome = zc::test::read(engine, memory, PlanBuilder().row(handle, 8193, 65536, ReadWay::mapped_copy, 5));
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_resident, 65536u);
    CHECK_EQUAL(outcome.counts.bytes_copied, 65536u);
  });
}

TEST("auto reads what is cold and copies what is resident, without reading it again") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(1 << 20);
    PlanBuilder plan;
    for (int i = 0; i < 8; i++) plan.row(handle, i * 131072, 65536, ReadWay::auto_direct, i * 65536);
    file.drop_from_cache();
    auto outcome = zc::test::read(engine, memory, plan);
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_direct, 8u * 65536u);
    CHECK_EQUAL(outcome.counts.bytes_resident, 0u);

    check_ok(zc::test::prefetch(engine, handle, {{0, content().size()}}));
    outcome = zc::test::read(engine, memory, plan);
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_direct, 0u);
    CHECK_EQUAL(outcome.counts.bytes_resident, 8u * 65536u);
  });
}

TEST("a file system without direct reads gives the same bytes through the page cache") {
  const TempFile file(content(), "/dev/shm");
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(3 << 20);
    check_ok(zc::test::read(engine, memory, PlanBuilder()
                                                .row(handle, 4096, 65536, ReadWay::direct, 0)
                                                .row(handle, 99, 2 << 20, ReadWay::auto_direct, 65536)));
    check_bytes(memory, 0, 4096, 65536);
    check_bytes(memory, 65536, 99, 2 << 20);
  });
}

TEST("more extents than the staging bound holds wait for each other and all arrive") {
  const TempFile file(content());
  on_each_backend(
      [&](ReadEngine& engine) {
        const uint32_t handle = zc::test::open_file(engine, file.path());
        const Memory memory(4 << 20);
        std::vector<zc::test::PendingRead> reads;
        for (int batch = 0; batch < 4; batch++) {
          PlanBuilder plan;
          for (int i = 0; i < 50; i++) {
            plan.row(handle, 1 + i * 20001, 20000, ReadWay::direct, batch * 1000000 + i * 20000);
          }
          reads.push_back(zc::test::submit(engine, memory, plan));
        }
        for (int batch = 0; batch < 4; batch++) {
          check_ok(reads[batch].outcome.get());
          for (int i = 0; i < 50; i++) check_bytes(memory, batch * 1000000 + i * 20000, 1 + i * 20001, 20000);
        }
        // One that is larger than the whole bound still gets its buffer.
        check_ok(zc::test::read(engine, memory, PlanBuilder().row(handle, 3, 1 << 20, ReadWay::direct, 0)));
        check_bytes(memory, 0, 3, 1 << 20);
        CHECK(engine.stats().staging_bytes <= 128u << 10);
      },
      {.depth = 8, .threads = 4, .max_staging_bytes = 128 << 10});
}

TEST("tens of thousands of extents that wait for staging are not looked at again and again") {
  constexpr uint32_t rows = 30000;
  const TempFile file(noise(1 << 20));
  on_each_backend(
      [&](ReadEngine& engine) {
        const uint32_t handle = zc::test::open_file(engine, file.path());
        PlanBuilder plan;
        for (uint32_t row = 0; row < rows; row++) {
          plan.extent(handle, 1 + row % 1000 * 1000, 20, ReadWay::buffered,
                      {{.length = 8, .slot_offset = row * 16.0}, {.extent_offset = 12, .length = 8, .slot_offset = row * 16.0 + 8}});
        }
        const Memory memory(rows * 16);
        const auto outcome = zc::test::read(engine, memory, plan);
        CHECK(outcome.ok);
        CHECK_EQUAL(outcome.counts.bytes_staged, uint64_t{rows} * 20);
      },
      {.depth = 8, .threads = 2, .max_staging_bytes = 64 << 10});
}

TEST("many batches are in flight together, from many threads, on several files") {
  const TempFile first(content());
  const TempFile second(noise(1 << 20, 2));
  const auto other = noise(1 << 20, 2);
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handles[] = {zc::test::open_file(engine, first.path()), zc::test::open_file(engine, second.path())};
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 3; t++) {
      threads.emplace_back([&, t] {
        for (int round = 0; round < 10; round++) {
          const Memory memory(64 * 9000);
          PlanBuilder plan;
          for (int i = 0; i < 64; i++) {
            plan.row(handles[i % 2], (i * 7919 + t * 1000 + round) % 1000000, 9000,
                     every_way[(i + round) % every_way.size()], i * 9000);
          }
          if (!zc::test::read(engine, memory, plan).ok) wrong++;
          for (int i = 0; i < 64; i++) {
            const auto& expected = i % 2 == 0 ? content() : other;
            const size_t offset = (i * 7919 + t * 1000 + round) % 1000000;
            if (std::memcmp(memory.data + i * 9000, expected.data() + offset, 9000) != 0) wrong++;
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK_EQUAL(wrong.load(), 0);
    // A batch is counted as done after its completion has returned; closing waits for that.
    CHECK(engine.close(60000));
    CHECK_EQUAL(engine.stats().batches_done, 30u);
    CHECK_EQUAL(engine.stats().batches_in_flight, 0u);
  });
}

TEST("an empty plan and an empty extent complete") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(4096);
    check_ok(zc::test::read(engine, memory, PlanBuilder()));
    for (const ReadWay way : every_way) {
      PlanBuilder plan;
      plan.extent(handle, 10, 0, way, {{.slot_offset = 4096, .crc32c = 0}});
      check_ok(zc::test::read(engine, memory, plan));
    }
    CHECK(untouched(memory, 0, 4096));
  });
}

TEST("prefetch brings a range into the page cache") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    file.drop_from_cache();
    const auto outcome = zc::test::prefetch(engine, handle, {{0, content().size()}});
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_resident, content().size());
    const Memory memory(content().size());
    const auto copied = zc::test::read(
        engine, memory, PlanBuilder().row(handle, 0, double(content().size()), ReadWay::auto_direct, 0));
    check_ok(copied);
    CHECK_EQUAL(copied.counts.bytes_resident, content().size());
  });
}

TEST("a closed file's handle is used again, and reads in flight keep the file") {
  const TempFile file(content());
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(2 << 20);
    auto pending = zc::test::submit(engine, memory, PlanBuilder().row(handle, 0, 2 << 20, ReadWay::direct, 0));
    REQUIRE_OK(engine.close_file(handle));
    check_ok(pending.outcome.get());
    check_bytes(memory, 0, 0, 2 << 20);
    CHECK(engine.close_file(handle).error().code == ErrorCode::argument);
    CHECK_EQUAL(zc::test::open_file(engine, file.path()), handle);
  });
}

TEST("prefetch brings many ranges into the page cache, and nothing that lies between them") {
  const TempFile file(content());
  constexpr uint64_t page = 4096;
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    file.drop_from_cache();
    std::vector<zc::FileRange> ranges;
    for (uint64_t at = 0; at + page < content().size(); at += 64 * page) ranges.push_back({at, page});
    const auto outcome = zc::test::prefetch(engine, handle, ranges);
    check_ok(outcome);
    CHECK_EQUAL(outcome.counts.bytes_resident, ranges.size() * page);
    CHECK_EQUAL(engine.resident(handle, 0, content().size()).value(), ranges.size() * page);
  });
}
