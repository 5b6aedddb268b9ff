// Numbers of rows and their places in the slot: refused, or copied without touching a byte that is not the slot's.
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <memory>

#include "../core/read_engine.h"
#include "../core/row_table.h"
#include "../test/temp_file.h"
#include "numbers.h"

namespace {

constexpr size_t file_bytes = 100'001;
constexpr size_t slot_bytes = 16'384;

struct Fixture {
  Fixture() : file(zc::test::noise(file_bytes)) {
    engine = std::move(zc::ReadEngine::create({.backend = zc::BackendChoice::threads, .threads = 1, .helpers = 2})).value();
    handle = engine->open_file(file.path()).value();
    ::unlink(file.path().c_str());
  }
  const zc::test::TempFile file;
  std::unique_ptr<zc::ReadEngine> engine;
  uint32_t handle = 0;
};

// Up to so many of the numbers, which are then gone.
std::vector<double> take(std::vector<double>& numbers, size_t count) {
  const auto end = numbers.begin() + static_cast<ptrdiff_t>(count < numbers.size() ? count : numbers.size());
  std::vector<double> taken(numbers.begin(), end);
  numbers.erase(numbers.begin(), end);
  return taken;
}

void demand_argument(const zc::Error& error) {
  if (error.code != zc::ErrorCode::argument) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const fixture = new Fixture();  // which outlives the exit, for its threads do
  if (size < 2) return 0;
  const size_t files = 1 + data[0] % 4;
  const size_t columns = 1 + data[1] % 3;
  auto numbers = zc::fuzz::numbers_from(data + 2, size - 2);
  // Half of the time sound, so that what comes behind is reached.
  auto first_rows = take(numbers, files + 1);
  if (data[0] & 128) {
    for (size_t i = 0; i < first_rows.size(); i++) first_rows[i] = static_cast<double>(i * (i + 3));
  }
  const auto made = zc::RowTable::create(first_rows, take(numbers, columns));
  if (!made) {
    demand_argument(made.error());
    return 0;
  }
  const auto& table = made.value();
  for (size_t place = 0; place < files; place++) {
    std::vector<zc::RowColumn> added(columns);
    for (auto& column : added) {
      const auto offset = take(numbers, 1);
      const double number = offset.empty() ? 0 : offset[0];
      if (number >= 0 && number < 0x1p63) column.offset = static_cast<uint64_t>(number);
      if (column.offset % 2 == 1) column.held.resize(column.offset % 4096);
      if (column.offset % 3 == 1) column.checksums.emplace(column.offset % 64);
    }
    const auto result = fixture->engine->add_rows(table, place, fixture->handle, std::move(added));
    if (!result) demand_argument(result.error());
  }
  const auto places = take(numbers, columns + 1);
  const bool held = table->holds(numbers.data(), numbers.size());
  // Of its own each time, so that a byte before or behind it is not the process's. (Page-aligned, as slots are.)
  auto slot = std::shared_ptr<void>(std::aligned_alloc(4096, slot_bytes), std::free);
  auto promised = std::make_shared<std::promise<zc::ReadOutcome>>();
  auto outcome = promised->get_future();
  const auto batch = fixture->engine->submit_rows(
      {static_cast<std::byte*>(slot.get()), slot_bytes, slot}, *table, numbers.data(), numbers.size(), places.data(),
      places.size(), [promised](zc::ReadOutcome&& result) { promised->set_value(std::move(result)); });
  if (!batch) {
    demand_argument(batch.error());
    return 0;
  }
  const auto ended = outcome.get();
  if (!held || !(ended.ok || ended.error.code == zc::ErrorCode::checksum)) std::abort();
  return 0;
}
