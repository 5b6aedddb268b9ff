// Rows that are copied by their numbers: the right bytes in the right places, and nothing that was not asked for.
#include "../core/row_table.h"

#include <cmath>
#include <cstring>
#include <future>
#include <thread>

#include "../core/crc32c.h"
#include "../core/read_engine.h"
#include "harness.h"
#include "plan_builder.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::ReadEngine;
using zc::ReadOutcome;
using zc::RowColumn;
using zc::RowTable;
using zc::test::Memory;
using zc::test::noise;
using zc::test::TempFile;

namespace {

constexpr size_t row_bytes = 3000;
constexpr size_t label_bytes = 8;
constexpr size_t region = 4096;  // where the long rows begin in their files

// Three files of 40, 0 and 25 rows of a long column and a short one that is held.
struct Rows {
  Rows() {
    auto made = RowTable::create({0, 40, 40, 65}, {double(row_bytes), double(label_bytes)});
    REQUIRE_OK(made);
    table = std::move(made).value();
    for (const size_t file : {0, 2}) handles.push_back(zc::test::open_file(*engine, files[file].path()));
    add(0);
    add(2);
  }

  void add(uint64_t place) {
    REQUIRE_OK(engine->add_rows(table, place, handles[place / 2], columns(place)));
  }

  std::vector<RowColumn> columns(uint64_t place) const {
    std::vector<RowColumn> made(2);
    made[0].offset = region;
    made[1].held = labels[place];
    return made;
  }

  zc::Result<uint64_t> begin(const Memory& memory, const std::vector<double>& numbers,
                             const std::vector<double>& places, std::future<ReadOutcome>& outcome) {
    auto promise = std::make_shared<std::promise<ReadOutcome>>();
    outcome = promise->get_future();
    return engine->submit_rows(memory.target(), *table, numbers.data(), numbers.size(), places.data(), places.size(),
                               [promise](ReadOutcome&& ended) { promise->set_value(std::move(ended)); });
  }

  ReadOutcome read(const Memory& memory, const std::vector<double>& numbers, const std::vector<double>& places) {
    std::future<ReadOutcome> outcome;
    REQUIRE_OK(begin(memory, numbers, places, outcome));
    return outcome.get();
  }

  ErrorCode refused(const std::vector<double>& numbers, const std::vector<double>& places, size_t slot_bytes) {
    const Memory memory(slot_bytes);
    std::future<ReadOutcome> outcome;
    const auto begun = begin(memory, numbers, places, outcome);
    return begun.ok() ? ErrorCode::ok : begun.error().code;
  }

  const std::byte* row(size_t number) const {
    const size_t file = number < 40 ? 0 : 2;
    return contents[file].data() + region + (number - (file == 0 ? 0 : 40)) * row_bytes;
  }
  const std::byte* label(size_t number) const {
    const size_t file = number < 40 ? 0 : 2;
    return labels[file].data() + (number - (file == 0 ? 0 : 40)) * label_bytes;
  }

  const std::vector<std::vector<std::byte>> contents = {noise(region + 40 * row_bytes, 1), noise(region, 2),
                                                        noise(region + 25 * row_bytes + 99, 3)};
  const std::vector<std::vector<std::byte>> labels = {noise(40 * label_bytes, 4), {}, noise(25 * label_bytes, 5)};
  const TempFile files[3] = {TempFile(contents[0]), TempFile(contents[1]), TempFile(contents[2])};
  std::unique_ptr<ReadEngine> engine = zc::test::make_engine({.helpers = 3});
  std::vector<uint32_t> handles;
  std::shared_ptr<RowTable> table;
};

void check_rows(const Rows& rows, const Memory& memory, const std::vector<double>& numbers, size_t at, size_t labels_at) {
  for (size_t i = 0; i < numbers.size(); i++) {
    const auto number = static_cast<size_t>(numbers[i]);
    CHECK(std::memcmp(memory.data + at + i * row_bytes, rows.row(number), row_bytes) == 0);
    CHECK(std::memcmp(memory.data + labels_at + i * label_bytes, rows.label(number), label_bytes) == 0);
  }
}

}  // namespace

TEST("rows come in the order of their numbers, held ones too, with the numbers where they are wanted") {
  Rows rows;
  std::vector<double> numbers;
  for (size_t i = 0; i < 700; i++) numbers.push_back(double((i * 37) % 65));
  const size_t labels_at = 4096;
  const size_t numbers_at = labels_at + numbers.size() * label_bytes;
  const size_t at = 16384;
  const Memory memory(at + numbers.size() * row_bytes + 100);
  const auto outcome = rows.read(memory, numbers, {double(numbers_at), double(at), double(labels_at)});
  CHECK(outcome.ok);
  CHECK_EQUAL(outcome.counts.bytes_resident, numbers.size() * row_bytes);
  check_rows(rows, memory, numbers, at, labels_at);
  for (size_t i = 0; i < numbers.size(); i++) {
    int64_t number = -1;
    std::memcpy(&number, memory.data + numbers_at + i * sizeof number, sizeof number);
    CHECK_EQUAL(double(number), numbers[i]);
  }
  for (size_t i = 0; i < 100; i++) CHECK(memory.data[at + numbers.size() * row_bytes + i] == std::byte{0xee});
  for (size_t i = 0; i < labels_at; i++) CHECK(memory.data[i] == std::byte{0xee});
}

TEST("rows with checksums are checked as they are copied, on every helper") {
  Rows rows;
  auto columns = rows.columns(0);
  auto& checksums = columns[0].checksums.emplace();
  for (size_t row = 0; row < 40; row++) checksums.push_back(zc::crc32c(rows.row(row), row_bytes));
  checksums[39]++;
  REQUIRE_OK(rows.engine->add_rows(rows.table, 0, rows.handles[0], columns));
  std::vector<double> numbers;
  for (size_t i = 0; i < 700; i++) numbers.push_back(double((i * 37) % 39));
  const size_t labels_at = numbers.size() * row_bytes;
  const Memory memory(labels_at + numbers.size() * label_bytes);
  CHECK(rows.read(memory, numbers, {-1, 0, double(labels_at)}).ok);
  check_rows(rows, memory, numbers, 0, labels_at);
  for (const size_t at : {size_t(0), size_t(350), size_t(699)}) {
    auto bad = numbers;
    bad[at] = 39;
    const auto outcome = rows.read(memory, bad, {-1, 0, double(labels_at)});
    CHECK(!outcome.ok);
    CHECK(outcome.error.code == ErrorCode::checksum);
    CHECK_EQUAL(outcome.error.path, rows.files[0].path());
    CHECK_EQUAL(outcome.error.offset, int64_t(region + 39 * row_bytes));
  }
  rows.files[0].truncate(4096);
  CHECK(rows.read(memory, numbers, {-1, 0, double(labels_at)}).error.code == ErrorCode::poisoned);
}

TEST("no rows are a batch too") {
  Rows rows;
  const Memory memory(64);
  CHECK(rows.read(memory, {}, {-1, 0, 64}).ok);
  CHECK(rows.read(memory, {}, {0, 8, 64}).ok);
}

TEST("what is no row, or has no place, is refused before anything is copied") {
  Rows rows;
  const std::vector<double> places = {-1, 0, 8192};
  for (const double number : {-1.0, 65.0, 0.5, 1e300, -0x1p63, 0x1p53, double(NAN), double(INFINITY)}) {
    CHECK(!rows.table->holds(&number, 1));
    CHECK(rows.refused({1, number}, places, 16384) == ErrorCode::argument);
  }
  CHECK(rows.refused({1, 2}, places, 16384) == ErrorCode::ok);
  const std::vector<std::vector<double>> wrong = {
      {},          {-1},          {-1, 0},           {-1, 0, 8192, 0},  {-1, 0, -1},    {-1, -1, 0},     {-2, 0, 8192},
      {0.5, 0, 8}, {16369, 0, 0}, {-1, 0, 16384 - 15}, {-1, 16384 - 5999, 0}, {-1, 1e300, 0}, {-1, NAN, 0}};
  for (const auto& each : wrong) CHECK(rows.refused({1, 2}, each, 16384) == ErrorCode::argument);
}

TEST("a table of numbers that cannot be is refused") {
  const auto code = [](const std::vector<double>& first_rows, const std::vector<double>& lengths) {
    const auto made = RowTable::create(first_rows, lengths);
    return made.ok() ? ErrorCode::ok : made.error().code;
  };
  CHECK(code({0, 10}, {8}) == ErrorCode::ok);
  CHECK(code({0, 0}, {8}) == ErrorCode::ok);
  for (const std::vector<double>& rows : std::vector<std::vector<double>>{
           {}, {0}, {1, 2}, {0, -1}, {0, 0.5}, {0, 10, 9}, {0, NAN}, {0, 1e300}, std::vector<double>(70000, 0)}) {
    CHECK(code(rows, {8}) == ErrorCode::argument);
  }
  for (const std::vector<double>& lengths :
       std::vector<std::vector<double>>{{}, {0}, {-8}, {0.5}, {NAN}, std::vector<double>(5000, 8)}) {
    CHECK(code({0, 10}, lengths) == ErrorCode::argument);
  }
}

TEST("rows that end behind the file, or behind what is held, do not come in") {
  Rows rows;
  const auto code = [&](uint64_t place, std::vector<RowColumn> columns) {
    const auto added = rows.engine->add_rows(rows.table, place, rows.handles[0], std::move(columns));
    return added.ok() ? ErrorCode::ok : added.error().code;
  };
  const auto changed = [&](auto&& change) {
    auto columns = rows.columns(0);
    change(columns);
    return columns;
  };
  CHECK(code(0, rows.columns(0)) == ErrorCode::ok);
  CHECK(code(3, rows.columns(0)) == ErrorCode::argument);
  CHECK(code(UINT64_MAX, rows.columns(0)) == ErrorCode::argument);
  CHECK(code(0, {}) == ErrorCode::argument);
  CHECK(code(0, changed([](auto& columns) { columns[0].offset++; })) == ErrorCode::argument);
  CHECK(code(0, changed([](auto& columns) { columns[0].offset = UINT64_MAX; })) == ErrorCode::argument);
  CHECK(code(0, changed([](auto& columns) { columns[1].held.pop_back(); })) == ErrorCode::argument);
  CHECK(code(0, changed([](auto& columns) { columns[0].checksums.emplace(39); })) == ErrorCode::argument);
  CHECK(code(0, changed([](auto& columns) { columns[0].checksums.emplace(); })) == ErrorCode::argument);
  CHECK(rows.engine->add_rows(rows.table, 0, 77, rows.columns(0)).error().code == ErrorCode::argument);
}

TEST("rows leave with their file, with their place, and with the engine") {
  Rows rows;
  const double first = 3, last = 64;
  CHECK(rows.table->holds(&first, 1));
  CHECK(rows.table->holds(&last, 1));
  REQUIRE_OK(rows.engine->close_file(rows.handles[0]));
  CHECK(!rows.table->holds(&first, 1));
  CHECK(rows.table->holds(&last, 1));
  CHECK(rows.refused({first}, {-1, 0, 8192}, 16384) == ErrorCode::argument);
  rows.table->remove(2);
  rows.table->remove(99);
  CHECK(!rows.table->holds(&last, 1));
  rows.add(2);
  CHECK(rows.table->holds(&last, 1));
  CHECK(rows.engine->close());
  CHECK(!rows.table->holds(&last, 1));
  CHECK(rows.refused({}, {-1, 0, 8192}, 16384) == ErrorCode::closed);
}

TEST("a file that is cut short fails the batch, and does not come in again") {
  Rows rows;
  rows.files[2].truncate(4096);
  const Memory memory(2 * 8192);
  const auto outcome = rows.read(memory, {1, 60}, {-1, 0, 8192});
  CHECK(!outcome.ok);
  CHECK(outcome.error.code == ErrorCode::poisoned);
  CHECK_EQUAL(outcome.error.path, rows.files[2].path());
  rows.table->remove(2);
  CHECK(rows.engine->add_rows(rows.table, 2, rows.handles[1], rows.columns(2)).error().code == ErrorCode::poisoned);
  CHECK(rows.read(memory, {1, 2}, {-1, 0, 8192}).ok);
}

TEST("batches in flight keep what files leave the table meanwhile") {
  Rows rows;
  const std::jthread changing([&](const std::stop_token& over) {
    // Mostly put in anew, so that mostly there is something to be read.
    for (size_t turn = 0; !over.stop_requested(); turn++) {
      if (turn % 8 == 0) rows.table->remove(0);
      rows.add(0);
    }
  });
  std::vector<double> numbers;
  for (size_t i = 0; i < 400; i++) numbers.push_back(double((i * 11) % 65));
  const size_t labels_at = numbers.size() * row_bytes;
  const Memory memory(labels_at + numbers.size() * label_bytes);
  for (size_t read = 0; read < 200;) {
    std::future<ReadOutcome> outcome;
    const auto begun = rows.begin(memory, numbers, {-1, 0, double(labels_at)}, outcome);
    if (!begun) {
      CHECK(begun.error().code == ErrorCode::argument);
      std::this_thread::yield();  // until the file is there again
      continue;
    }
    CHECK(outcome.get().ok);
    check_rows(rows, memory, numbers, 0, labels_at);
    read++;
  }
}

TEST("a batch of rows can be cancelled, and ends with the engine's closing") {
  Rows rows;
  std::vector<std::future<ReadOutcome>> outcomes(50);
  for (auto& outcome : outcomes) {
    const Memory memory(65536);  // a slot of its own: several helpers work at once
    const auto begun = rows.begin(memory, {1, 2, 3}, {-1, 0, 32768}, outcome);
    REQUIRE_OK(begun);
    rows.engine->cancel(begun.value());
  }
  CHECK(rows.engine->close());
  for (auto& outcome : outcomes) {
    const auto ended = outcome.get();
    CHECK(ended.ok || ended.error.code == ErrorCode::aborted);
  }
}
