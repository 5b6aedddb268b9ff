// What goes wrong with a batch: the same errors by every way and on either backend, and never a crash.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "../core/capabilities.h"
#include "../core/crc32c.h"
#include "../core/mapped_file.h"
#include "../core/read_engine.h"
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

// The code of a plan that must not be accepted.
ErrorCode refused(ReadEngine& engine, const Memory& memory, const std::vector<double>& plan) {
  const auto batch = engine.submit(memory.target(), plan.data(), plan.size(),
                                   [](ReadOutcome&&) { std::abort(); });
  CHECK(!batch.ok());
  CHECK(!batch.error().operation.empty());
  return batch.error().code;
}

}  // namespace

TEST("a bad number anywhere in a plan is an argument error, and nothing is read") {
  const TempFile file(noise(100000));
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(8192);
    PlanBuilder builder;
    builder.extent(handle, 4096, 4096, ReadWay::direct,
                   {{.extent_offset = 0, .length = 4096, .slot_offset = 4096, .crc32c = 5}});
    const std::vector<double> good = builder.numbers();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (size_t place = 0; place < good.size() - 1; place++) {  // the last is the tag, which may be anything
      for (const double bad : {nan, infinity, -infinity, -2.0, 0.5, std::ldexp(1.0, 53), std::ldexp(1.0, 64), 1e300}) {
        auto plan = good;
        plan[place] = bad;
        CHECK(refused(engine, memory, plan) == ErrorCode::argument);
      }
    }
    CHECK_EQUAL(engine.stats().reads, 0u);
  });
}

TEST("a plan whose parts do not fit each other is an argument error") {
  const TempFile file(noise(100000));
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(8192);
    const auto plan = [&](double offset, double length, PlanBuilder::Piece piece, uint32_t with = 0) {
      return PlanBuilder().extent(handle + with, offset, length, ReadWay::direct, {piece}).numbers();
    };
    const PlanBuilder::Piece small{.length = 10, .slot_offset = 0};
    CHECK(refused(engine, memory, plan(0, 100, small, 1)) == ErrorCode::argument);                  // no such file
    CHECK(refused(engine, memory, plan(99999, 2, {.length = 2, .slot_offset = 0})) == ErrorCode::argument);
    CHECK(refused(engine, memory, plan(100001, 0, {.slot_offset = 0})) == ErrorCode::argument);     // behind the end
    CHECK(refused(engine, memory, plan(0, 100, {.extent_offset = 95, .length = 10, .slot_offset = 0})) == ErrorCode::argument);
    CHECK(refused(engine, memory, plan(0, 100, {.length = 10, .slot_offset = 8190})) == ErrorCode::argument);
    CHECK(refused(engine, memory, plan(0, 100, {.length = 10, .slot_offset = 8193})) == ErrorCode::argument);
    CHECK(refused(engine, memory, plan(0, 100, {.length = 10, .slot_offset = 0, .crc32c = 4294967296.0})) == ErrorCode::argument);
    CHECK(refused(engine, memory, {}) == ErrorCode::argument);
    CHECK(refused(engine, memory, {0}) == ErrorCode::argument);
    CHECK(refused(engine, memory, {1, 0}) == ErrorCode::argument);
    CHECK(refused(engine, memory, {0, 0, 0}) == ErrorCode::argument);
    CHECK(refused(engine, memory, PlanBuilder().extent(handle, 0, 10, ReadWay::direct, {}).numbers()) == ErrorCode::argument);
    // Two extents that claim the same piece.
    auto shared = PlanBuilder().row(handle, 0, 10, ReadWay::direct, 0).row(handle, 0, 10, ReadWay::direct, 0).numbers();
    shared[2 + 3] = 0;
    shared[2 + 4] = 2;
    CHECK(refused(engine, memory, shared) == ErrorCode::argument);
  });
}

TEST("a file cut short after it was opened is a typed error, with what came and what was wanted") {
  on_each_backend([&](ReadEngine& engine) {
    for (const ReadWay way : every_way) {
      for (const double length : {8192.0, 40000.0, 3000000.0}) {
        const TempFile file(noise(4 << 20));
        const uint32_t handle = zc::test::open_file(engine, file.path());
        file.truncate(70001);
        const Memory memory(4 << 20);
        PlanBuilder plan;
        plan.extent(handle, 65536, length, way, {{.length = length, .slot_offset = 0, .tag = 42}});
        const ReadOutcome outcome = zc::test::read(engine, memory, plan);
        CHECK(!outcome.ok);
        CHECK(outcome.error.code == ErrorCode::short_read);
        CHECK_EQUAL(outcome.error.path, file.path());
        CHECK_EQUAL(outcome.error.tag, 42.0);
        CHECK_EQUAL(outcome.error.offset, 65536);
        CHECK_EQUAL(outcome.error.expected, int64_t(length));
        CHECK_EQUAL(outcome.error.actual, 70001 - 65536);
        REQUIRE_OK(engine.close_file(handle));
      }
    }
  });
}

TEST("of an extent that a cut goes through the error names the piece that is gone, and those before it are no error") {
  on_each_backend([&](ReadEngine& engine) {
    for (const ReadWay way : every_way) {
      const auto content = noise(1 << 20);
      const TempFile file(content);
      const uint32_t handle = zc::test::open_file(engine, file.path());
      file.truncate(70001);
      const Memory memory(1 << 20);
      const auto rows = [&](int count) {
        std::vector<PlanBuilder::Piece> pieces;
        for (int i = 0; i < count; i++) {
          pieces.push_back({.extent_offset = i * 5000.0, .length = 5000, .slot_offset = i * 8192.0, .tag = 100.0 + i});
        }
        return PlanBuilder().extent(handle, 0, 5000.0 * count, way, pieces);
      };
      const ReadOutcome outcome = zc::test::read(engine, memory, rows(15));
      CHECK(outcome.error.code == ErrorCode::short_read);
      CHECK_EQUAL(outcome.error.tag, 114.0);
      CHECK_EQUAL(outcome.error.offset, 70000);
      CHECK_EQUAL(outcome.error.actual, 1);
      CHECK(zc::test::read(engine, memory, rows(14)).ok);
      for (int i = 0; i < 14; i++) CHECK(std::memcmp(memory.data + i * 8192, content.data() + i * 5000, 5000) == 0);
      REQUIRE_OK(engine.close_file(handle));
    }
  });
}

TEST("a file cut short after it was mapped is the poisoned error, rather than a wrong checksum") {
  on_each_backend([&](ReadEngine& engine) {
    const auto content = noise(1 << 20);
    const TempFile file(content);
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(1 << 20);
    const auto plan = PlanBuilder().extent(
        handle, 500000, 300000, ReadWay::mapped_copy,
        {{.length = 300000, .slot_offset = 0, .crc32c = double(zc::crc32c(content.data() + 500000, 300000))}});
    CHECK(zc::test::read(engine, memory, plan).ok);
    file.truncate(600000);
    for (int again = 0; again < 2; again++) {
      const ReadOutcome outcome = zc::test::read(engine, memory, plan);
      CHECK(outcome.error.code == ErrorCode::poisoned);
      CHECK_EQUAL(outcome.error.path, file.path());
      CHECK_EQUAL(outcome.error.offset, 602112);
    }
    CHECK(zc::test::prefetch(engine, handle, {{0, 1 << 20}}).error.code == ErrorCode::poisoned);
  });
}

TEST("a batch with one bad extent waits for its others before it says so") {
  const TempFile file(noise(8 << 20));
  on_each_backend([&](ReadEngine& engine) {
    const TempFile cut(noise(1 << 20));
    const uint32_t good = zc::test::open_file(engine, file.path());
    const uint32_t bad = zc::test::open_file(engine, cut.path());
    cut.truncate(0);
    for (const ReadWay way : {ReadWay::direct, ReadWay::buffered}) {
      file.drop_from_cache();
      const Memory memory(8 << 20);
      PlanBuilder plan;
      plan.row(bad, 0, 4096, way, 0);
      for (int i = 1; i < 100; i++) plan.row(good, i * 65536, 65536, way, i * 65536);
      const ReadOutcome outcome = zc::test::read(engine, memory, plan);
      CHECK(outcome.error.code == ErrorCode::short_read);
      // From its completion on the slot belongs to the caller alone.
      std::memset(memory.data, 0x11, memory.length);
      CHECK(zc::test::read(engine, Memory(4096), PlanBuilder().row(good, 0, 4096, way, 0)).ok);
      for (size_t i = 0; i < memory.length; i++) CHECK(memory.data[i] == std::byte{0x11});
    }
  });
}

TEST("a cancelled batch ends once, as aborted, and leaves the slot alone") {
  const TempFile file(noise(32 << 20));
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    for (const ReadWay way : every_way) {
      file.drop_from_cache();
      const Memory memory(32 << 20);
      PlanBuilder plan;
      for (int i = 0; i < 500; i++) plan.row(handle, i * 65536, 65536, way, i * 65536);
      auto pending = zc::test::submit(engine, memory, plan);
      const bool in_time = engine.cancel(pending.batch);
      const ReadOutcome outcome = pending.outcome.get();
      std::memset(memory.data, 0x22, memory.length);
      if (in_time) CHECK(outcome.error.code == ErrorCode::aborted);
      if (!in_time) CHECK(outcome.ok);
      CHECK(!engine.cancel(pending.batch));
      CHECK(zc::test::read(engine, Memory(4096), PlanBuilder().row(handle, 0, 4096, way, 0)).ok);
      for (size_t i = 0; i < memory.length; i += 512) CHECK(memory.data[i] == std::byte{0x22});
    }
  });
}

TEST("close ends every batch in flight, and what comes after it is refused") {
  const TempFile file(noise(32 << 20));
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    file.drop_from_cache();
    const Memory memory(32 << 20);
    std::vector<zc::test::PendingRead> pending;
    for (int batch = 0; batch < 6; batch++) {
      PlanBuilder plan;
      for (int i = 0; i < 80; i++) {
        plan.row(handle, (batch * 80 + i) * 65536 + batch % 2, 65536, every_way[batch % every_way.size()],
                 (batch * 80 + i) * 65536);
      }
      pending.push_back(zc::test::submit(engine, memory, plan));
    }
    CHECK(engine.close(60000));
    for (auto& one : pending) {
      const ReadOutcome outcome = one.outcome.get();
      CHECK(outcome.ok || outcome.error.code == ErrorCode::aborted);
    }
    CHECK(memory.owner.use_count() == 1);
    CHECK_EQUAL(engine.stats().batches_done, 6u);
    const auto plan = PlanBuilder().row(handle, 0, 10, ReadWay::buffered, 0).numbers();
    CHECK(engine.submit(memory.target(), plan.data(), plan.size(), [](ReadOutcome&&) {}).error().code == ErrorCode::closed);
    CHECK(engine.open_file(file.path()).error().code == ErrorCode::closed);
    CHECK(engine.prefetch(handle, {{0, 1}}, [](ReadOutcome&&) {}).error().code == ErrorCode::closed);
    CHECK(!engine.cancel(pending[0].batch));
  });
}

TEST("an engine that is destroyed with reads in flight waits for them") {
  const TempFile file(noise(16 << 20));
  for (const auto backend : {zc::BackendChoice::io_uring, zc::BackendChoice::threads}) {
    file.drop_from_cache();
    const Memory memory(16 << 20);
    std::future<ReadOutcome> outcome;
    {
      const auto engine = zc::test::make_engine({.backend = backend});
      const uint32_t handle = zc::test::open_file(*engine, file.path());
      outcome = zc::test::submit(*engine, memory, PlanBuilder().row(handle, 0, 16 << 20, ReadWay::direct, 0)).outcome;
    }
    CHECK(outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  }
}

TEST("files that cannot be opened are open errors with their errno") {
  on_each_backend([&](ReadEngine& engine) {
    const auto missing = engine.open_file("/nowhere/at/all");
    CHECK(missing.error().code == ErrorCode::open);
    CHECK_EQUAL(missing.error().sys_errno, ENOENT);
    CHECK(engine.open_file("/tmp").error().code == ErrorCode::open);
  });
}

TEST("a pipe where a file should be is an open error, and nobody waits for a writer") {
  const std::string path = (std::filesystem::temp_directory_path() / ("zc-pipe-" + std::to_string(::getpid()))).string();
  CHECK_EQUAL(::mkfifo(path.c_str(), 0600), 0);
  const auto mapped = zc::MappedFile::open(path);
  const auto capability = zc::direct_capability(path);
  on_each_backend([&](ReadEngine& engine) {
    const auto opened = engine.open_file(path);
    CHECK(opened.error().code == ErrorCode::open);
    CHECK_EQUAL(opened.error().path, path);
  });
  ::unlink(path.c_str());
  CHECK(mapped.error().code == ErrorCode::open);
  CHECK(!capability.value().ok);
}

TEST("too few descriptors: opening fails with EMFILE, and an open file reads on without its direct one") {
  const auto content = noise(100000);
  const TempFile file(content);
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    rlimit before;
    CHECK_EQUAL(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none = {0, before.rlim_max};
    CHECK_EQUAL(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto second = engine.open_file(file.path());
    const Memory memory(8192);
    const ReadOutcome outcome = zc::test::read(engine, memory, PlanBuilder().row(handle, 4096, 8192, ReadWay::direct, 0));
    CHECK_EQUAL(::setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK(second.error().code == ErrorCode::open);
    CHECK_EQUAL(second.error().sys_errno, EMFILE);
    CHECK(outcome.ok);
    CHECK_EQUAL(outcome.counts.bytes_direct, 0u);
    CHECK(std::memcmp(memory.data, content.data() + 4096, 8192) == 0);
    // With descriptors to be had again, direct reads are too.
    CHECK_EQUAL(zc::test::read(engine, memory, PlanBuilder().row(handle, 4096, 8192, ReadWay::direct, 0)).counts.bytes_direct, 8192u);
  });
}

TEST("prefetch of a range outside the file is an argument error") {
  const TempFile file(noise(1000));
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    CHECK(engine.prefetch(handle, {{0, 1}, {0, 1001}}, [](ReadOutcome&&) {}).error().code == ErrorCode::argument);
    CHECK(engine.prefetch(handle, {{UINT64_MAX, 2}}, [](ReadOutcome&&) {}).error().code == ErrorCode::argument);
    CHECK(engine.prefetch(handle + 1, {{0, 1}}, [](ReadOutcome&&) {}).error().code == ErrorCode::argument);
  });
}
