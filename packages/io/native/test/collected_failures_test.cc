// Batches that go on when rows fail, and say which did.
#include <algorithm>
#include <cstring>

#include "../core/crc32c.h"
#include "../core/read_engine.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::ReadEngine;
using zc::ReadFailures;
using zc::ReadOutcome;
using zc::ReadWay;
using zc::test::every_way;
using zc::test::Memory;
using zc::test::noise;
using zc::test::on_each_backend;
using zc::test::PlanBuilder;
using zc::test::TempFile;

namespace {

constexpr size_t row_bytes = 3000;
constexpr size_t rows = 400;

// Rows of one extent in reversed order, or one extent each; row r has tag r. `wrong` rows carry a wrong checksum.
PlanBuilder plan_of(const std::vector<std::byte>& content, uint32_t file, ReadWay way, bool merged,
                    const std::vector<size_t>& wrong = {}) {
  const auto piece = [&](size_t row, size_t extent_offset) {
    const uint32_t right = zc::crc32c(content.data() + row * row_bytes, row_bytes);
    const bool spoiled = std::find(wrong.begin(), wrong.end(), row) != wrong.end();
    return PlanBuilder::Piece{.extent_offset = double(extent_offset),
                              .length = row_bytes,
                              .slot_offset = double((rows - 1 - row) * row_bytes),
                              .crc32c = double(spoiled ? right ^ 1 : right),
                              .tag = double(row)};
  };
  PlanBuilder plan;
  if (merged) {
    std::vector<PlanBuilder::Piece> pieces;
    for (size_t row = 0; row < rows; row++) pieces.push_back(piece(row, row * row_bytes));
    plan.extent(file, 0, rows * row_bytes, way, pieces);
  } else {
    for (size_t row = 0; row < rows; row++) {
      plan.extent(file, row * row_bytes, row_bytes, way, {piece(row, 0)});
    }
  }
  return plan;
}

std::vector<double> tags_of(const ReadOutcome& outcome) {
  std::vector<double> tags;
  for (const zc::Error& failure : outcome.failures) tags.push_back(failure.tag);
  std::sort(tags.begin(), tags.end());
  return tags;
}

void check_rows(const Memory& memory, const std::vector<std::byte>& content, size_t first, size_t end) {
  for (size_t row = first; row < end; row++) {
    CHECK(std::memcmp(memory.data + (rows - 1 - row) * row_bytes, content.data() + row * row_bytes, row_bytes) == 0);
  }
}

}  // namespace

TEST("collected: each row with a wrong checksum is named once, and all others are there") {
  const auto content = noise(rows * row_bytes);
  const TempFile file(content);
  const std::vector<size_t> wrong = {0, 7, 70, 71, rows - 1};
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    for (const ReadWay way : every_way) {
      for (const bool merged : {true, false}) {
        const Memory memory(rows * row_bytes);
        const auto plan = plan_of(content, handle, way, merged, wrong);
        const ReadOutcome outcome = zc::test::read(engine, memory, plan, ReadFailures::collect);
        CHECK(outcome.ok);
        CHECK(tags_of(outcome) == std::vector<double>(wrong.begin(), wrong.end()));
        for (const zc::Error& failure : outcome.failures) {
          CHECK(failure.code == ErrorCode::checksum);
          CHECK_EQUAL(failure.path, file.path());
          CHECK_EQUAL(failure.offset, int64_t(failure.tag) * int64_t(row_bytes));
        }
        check_rows(memory, content, 0, rows);
        CHECK(zc::test::read(engine, memory, plan).error.code == ErrorCode::checksum);
      }
    }
  });
}

TEST("collected: of a file that was cut short, only the rows behind its new end are missing") {
  const auto content = noise(rows * row_bytes);
  constexpr size_t kept = 201;
  on_each_backend([&](ReadEngine& engine) {
    for (const ReadWay way : every_way) {
      for (const bool merged : {true, false}) {
        for (const bool mapped_before : {true, false}) {
          const TempFile file(content);
          const uint32_t handle = zc::test::open_file(engine, file.path());
          const Memory memory(rows * row_bytes);
          const auto plan = plan_of(content, handle, way, merged);
          if (mapped_before) CHECK(zc::test::read(engine, memory, plan).ok);
          file.truncate(kept * row_bytes + 100);
          std::memset(memory.data, 0, memory.length);
          const ReadOutcome outcome = zc::test::read(engine, memory, plan, ReadFailures::collect);
          CHECK(outcome.ok);
          std::vector<double> gone;
          for (size_t row = kept; row < rows; row++) gone.push_back(double(row));
          CHECK(tags_of(outcome) == gone);
          for (const zc::Error& failure : outcome.failures) CHECK(failure.code == ErrorCode::short_read);
          check_rows(memory, content, 0, kept);
          REQUIRE_OK(engine.close_file(handle));
        }
      }
    }
  });
}

// Its map has no page too few then: what is missing reads as zeros.
TEST("collected: of a file that was cut within its last page, the last row is missing") {
  const auto content = noise(rows * row_bytes);
  on_each_backend([&](ReadEngine& engine) {
    for (const ReadWay way : every_way) {
      const TempFile file(content);
      const uint32_t handle = zc::test::open_file(engine, file.path());
      const Memory memory(rows * row_bytes);
      const auto plan = plan_of(content, handle, way, false);
      CHECK(zc::test::read(engine, memory, plan).ok);
      file.truncate(content.size() - 1000);
      const ReadOutcome outcome = zc::test::read(engine, memory, plan, ReadFailures::collect);
      CHECK(outcome.ok);
      CHECK_EQUAL(outcome.failures.size(), 1u);
      for (const zc::Error& failure : outcome.failures) {
        CHECK(failure.code == ErrorCode::short_read);
        CHECK_EQUAL(failure.tag, double(rows - 1));
        CHECK_EQUAL(failure.expected, int64_t(row_bytes));
        CHECK_EQUAL(failure.actual, int64_t(row_bytes) - 1000);
      }
      check_rows(memory, content, 0, rows - 1);
      REQUIRE_OK(engine.close_file(handle));
    }
  });
}

TEST("collected: a batch without failures has none, and its times are those of what was done") {
  const auto content = noise(rows * row_bytes);
  const TempFile file(content);
  on_each_backend([&](ReadEngine& engine) {
    const uint32_t handle = zc::test::open_file(engine, file.path());
    const Memory memory(rows * row_bytes);
    for (const ReadWay way : {ReadWay::direct, ReadWay::mapped_copy}) {
      const ReadOutcome outcome =
          zc::test::read(engine, memory, plan_of(content, handle, way, true), ReadFailures::collect);
      CHECK(outcome.ok);
      CHECK(outcome.failures.empty());
      CHECK((outcome.times.read > 0) == (way == ReadWay::direct));
      CHECK(outcome.times.copy > 0);
      CHECK_EQUAL(outcome.times.check, 0);
    }
    PlanBuilder straight;
    straight.extent(handle, 0, 8192, ReadWay::direct,
                    {{.length = 8192, .slot_offset = 0, .crc32c = double(zc::crc32c(content.data(), 8192))}});
    const ReadOutcome outcome = zc::test::read(engine, memory, straight);
    CHECK(outcome.times.check > 0);
    CHECK_EQUAL(outcome.times.copy, 0);
  });
}
