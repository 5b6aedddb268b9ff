// Reads that are made to go wrong: what can be mended is mended without a trace, the rest is a typed error.
#include "../core/fault_backend.h"

#include <cerrno>
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

const std::vector<std::byte>& content() {
  static const std::vector<std::byte> bytes = noise((6 << 20) + 777);
  return bytes;
}

constexpr size_t row_bytes = 70'000;
constexpr size_t rows = 40;

// Rows that are read direct and staged, and a long one that is several reads.
PlanBuilder many_rows(uint32_t handle, ReadWay way) {
  PlanBuilder plan;
  for (size_t i = 0; i < rows; i++) {
    const size_t offset = i * 73'728 + i % 3 * 100;
    const double crc = zc::crc32c(content().data() + offset, row_bytes);
    plan.extent(handle, double(offset), row_bytes, way,
                {{.length = row_bytes, .slot_offset = double(i * 73'728), .crc32c = crc, .tag = double(i)}});
  }
  return plan.row(handle, 4096, 3 << 20, way, 4 << 20);
}

void check_rows(const Memory& memory) {
  for (size_t i = 0; i < rows; i++) {
    CHECK(std::memcmp(memory.data + i * 73'728, content().data() + i * 73'728 + i % 3 * 100, row_bytes) == 0);
  }
  CHECK(std::memcmp(memory.data + (4 << 20), content().data() + 4096, 3 << 20) == 0);
}

bool reads_the_device(ReadWay way) { return way == ReadWay::direct || way == ReadWay::buffered; }

}  // namespace

TEST("short reads, interruptions, delays and completions out of order change no byte") {
  const TempFile file(content());
  for (const char* faults : {"short@2", "short@3,EINTR@2", "EAGAIN@3", "EINTR@2,EAGAIN@3,short@5", "delay:3@7", "reorder@2",
                             "reorder@1", "short@2,reorder@3,EINTR@5,delay:1@11"}) {
    on_each_backend(
        [&](ReadEngine& engine) {
          const uint32_t handle = zc::test::open_file(engine, file.path());
          for (const ReadWay way : every_way) {
            file.drop_from_cache();
            const Memory memory(8 << 20);
            const ReadOutcome outcome = zc::test::read(engine, memory, many_rows(handle, way));
            if (!outcome.ok) zc::test::fail(__FILE__, __LINE__, std::string(faults) + ": " + zc::describe(outcome.error));
            check_rows(memory);
          }
        },
        {.depth = 8, .threads = 4, .max_staging_bytes = 256 << 10, .faults = faults});
  }
}

TEST("an error of the device is the same typed error by every way, with the file and the place") {
  struct Case {
    const char* faults;
    int sys_errno;
  };
  for (const Case& injected : {Case{"EIO[737280+1]", EIO}, Case{"ENOMEM[737280+1]", ENOMEM}}) {
    on_each_backend(
        [&](ReadEngine& engine) {
          for (const ReadWay way : every_way) {
            if (way == ReadWay::mapped_copy) continue;
            // A file of its own, and by way of auto one row alone: read ahead, it would come from the page cache.
            const TempFile file(noise(20 * 73'728));
            file.drop_from_cache();
            const uint32_t handle = zc::test::open_file(engine, file.path());
            const Memory memory(2 << 20);
            PlanBuilder plan;
            for (int i = reads_the_device(way) ? 0 : 10; i < (reads_the_device(way) ? 20 : 11); i++) {
              plan.extent(handle, i * 73'728, 65'536, way, {{.length = 65'536, .slot_offset = i * 65'536.0, .tag = 100.0 + i}});
            }
            const ReadOutcome outcome = zc::test::read(engine, memory, plan);
            CHECK(!outcome.ok);
            CHECK(outcome.error.code == ErrorCode::read);
            CHECK_EQUAL(outcome.error.sys_errno, injected.sys_errno);
            CHECK_EQUAL(outcome.error.path, file.path());
            CHECK_EQUAL(outcome.error.offset, 737'280);
            CHECK_EQUAL(outcome.error.tag, 110.0);
            // Whoever does not touch the place is not touched by it.
            CHECK(zc::test::read(engine, memory, PlanBuilder().row(handle, 0, 700'000, way, 0)).ok);
          }
        },
        {.faults = injected.faults});
  }
}

TEST("direct reads that the system refuses once in a while go on through the page cache") {
  const TempFile file(content());
  on_each_backend(
      [&](ReadEngine& engine) {
        const uint32_t handle = zc::test::open_file(engine, file.path());
        const Memory memory(8 << 20);
        CHECK(zc::test::read(engine, memory, many_rows(handle, ReadWay::direct)).ok);
        check_rows(memory);
        CHECK_EQUAL(engine.stats().direct_refused, 1u);
      },
      {.depth = 4, .threads = 2, .faults = "nodirect@5"});
}

TEST("reads that are interrupted for ever end when they are cancelled, or their engine is closed") {
  const TempFile file(content());
  for (const char* faults : {"EAGAIN@1", "EINTR@1"}) {
    on_each_backend(
        [&](ReadEngine& engine) {
          const uint32_t handle = zc::test::open_file(engine, file.path());
          for (const ReadWay way : every_way) {
            if (!reads_the_device(way)) continue;
            const Memory memory(1 << 20);
            const auto plan = PlanBuilder().row(handle, 0, 1 << 20, way, 0);
            auto cancelled = zc::test::submit(engine, memory, plan);
            CHECK(engine.cancel(cancelled.batch));
            CHECK(cancelled.outcome.get().error.code == ErrorCode::aborted);
          }
          const Memory memory(1 << 20);
          auto closed = zc::test::submit(engine, memory, PlanBuilder().row(handle, 0, 1 << 20, ReadWay::direct, 0));
          CHECK(engine.close(60'000));
          CHECK(closed.outcome.get().error.code == ErrorCode::aborted);
        },
        {.faults = faults});
  }
}

TEST("close does not wait for a disk that hangs, and what comes late harms nobody") {
  const TempFile file(content());
  for (const auto backend : {zc::BackendChoice::io_uring, zc::BackendChoice::threads}) {
    const auto engine = zc::test::make_engine({.backend = backend, .faults = "delay:300[0+4096]"});
    const uint32_t handle = zc::test::open_file(*engine, file.path());
    const Memory memory(1 << 20);
    auto pending = zc::test::submit(
        *engine, memory,
        PlanBuilder().row(handle, 0, 8192, ReadWay::direct, 0).row(handle, 65'536, 8192, ReadWay::direct, 65'536));
    while (engine->stats().reads == 0) std::this_thread::yield();  // the second row is there: the first has begun
    CHECK(!engine->close(1));
    CHECK(pending.outcome.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(memory.owner.use_count() == 2);
    CHECK(pending.outcome.get().error.code == ErrorCode::aborted);
  }
}

TEST("faults in words that nobody knows are refused") {
  for (const char* words : {"EIO", "EIO@0", "EIO@", "EIO@x", "ELOOP@2", "short@2 ", "delay@3", "EIO[5+0]", "EIO[5]", ",", "EIO@2;EIO@3"}) {
    CHECK(zc::parse_faults(words).error().code == ErrorCode::argument);
    CHECK(ReadEngine::create({.faults = words}).error().code == ErrorCode::argument);
  }
  CHECK_EQUAL(zc::parse_faults("short@3,EIO[8192+4096],delay:20@7").value().size(), 3u);
  CHECK(zc::parse_faults("").value().empty());
}
