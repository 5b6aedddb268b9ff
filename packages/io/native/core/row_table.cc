#include "row_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "whole_number.h"

namespace zc {
namespace {

constexpr size_t files_max = 1 << 16;    // each change copies the list of them
constexpr size_t columns_max = 1 << 12;

Error bad(const std::string& what) {
  return Error{.code = ErrorCode::argument, .operation = "row table: " + what};
}

Error bad_number(const char* kind, size_t index, double number) {
  return bad(std::string(kind) + " " + std::to_string(index) + " is " + std::to_string(number) +
             ", which cannot stand there");
}

}  // namespace

Result<std::shared_ptr<RowTable>> RowTable::create(const std::vector<double>& first_rows,
                                                   const std::vector<double>& row_bytes) noexcept {
  if (first_rows.size() < 2 || first_rows.size() - 1 > files_max || row_bytes.empty() ||
      row_bytes.size() > columns_max) {
    return bad("its files or its columns are none, or too many");
  }
  std::shared_ptr<RowTable> table(new RowTable());
  table->first_rows_.resize(first_rows.size());
  table->row_bytes_.resize(row_bytes.size());
  uint64_t before = 0;
  for (size_t i = 0; i < first_rows.size(); i++) {
    uint64_t& row = table->first_rows_[i];
    if (!whole(first_rows[i], UINT64_MAX, row) || row < before || (i == 0 && row != 0)) {
      return bad_number("first row", i, first_rows[i]);
    }
    before = row;
  }
  for (size_t i = 0; i < row_bytes.size(); i++) {
    uint64_t& bytes = table->row_bytes_[i];
    if (!whole(row_bytes[i], UINT64_MAX, bytes) || bytes == 0) return bad_number("row length", i, row_bytes[i]);
  }
  const size_t files = first_rows.size() - 1;
  table->places_per_row_ = before == 0 ? 0 : static_cast<double>(files) / static_cast<double>(before);
  table->files_ = std::make_shared<const RowFiles>(files);
  return table;
}

Result<void> RowTable::add(uint64_t place, std::shared_ptr<EngineFile> file, std::vector<RowColumn> columns) noexcept {
  if (place >= first_rows_.size() - 1) return bad("there is no place " + std::to_string(place));
  if (columns.size() != row_bytes_.size()) return bad("a file has " + std::to_string(columns.size()) + " columns");
  const uint64_t rows = first_rows_[place + 1] - first_rows_[place];
  auto map = file->map();
  if (!map) return std::move(map).error();
  if (auto sound = map.value()->check(); !sound) return sound;
  auto made = std::make_shared<RowFile>();
  made->file = std::move(file);
  made->map = map.value();
  made->first_row = first_rows_[place];
  made->columns = std::move(columns);
  for (size_t i = 0; i < made->columns.size(); i++) {
    const auto& [offset, held, checksums] = made->columns[i];
    if (checksums && checksums->size() != rows) {
      return bad("column " + std::to_string(i) + " has " + std::to_string(checksums->size()) + " checksums of " +
                 std::to_string(rows) + " rows");
    }
    const uint64_t size = held.empty() ? made->map->size() : held.size();
    const uint64_t begin = held.empty() ? offset : 0;
    if (begin > size || rows > (size - begin) / row_bytes_[i]) {
      Error error = bad("the rows of column " + std::to_string(i) + " end behind the end of the file");
      error.path = made->file->path();
      error.offset = static_cast<int64_t>(begin);
      error.expected = static_cast<int64_t>(size);
      return error;
    }
    made->bases.push_back(held.empty() ? made->map->address() + offset : held.data());
  }
  change([&](RowFiles& files) { files[place] = std::move(made); });
  return {};
}

void RowTable::remove(uint64_t place) noexcept {
  change([&](RowFiles& files) {
    if (place < files.size()) files[place] = nullptr;
  });
}

void RowTable::remove_file(const EngineFile& file) noexcept {
  change([&](RowFiles& files) {
    for (auto& each : files) {
      if (each != nullptr && each->file.get() == &file) each = nullptr;
    }
  });
}

void RowTable::clear() noexcept {
  change([](RowFiles& files) { std::fill(files.begin(), files.end(), nullptr); });
}

std::shared_ptr<const RowFiles> RowTable::files() const noexcept {
  const std::lock_guard lock(mutex_);
  return files_;
}

template <typename Change>
void RowTable::change(Change&& change) noexcept {
  std::shared_ptr<const RowFiles> former;  // goes after the lock, and with it perhaps a map
  const std::lock_guard lock(mutex_);
  auto files = std::make_shared<RowFiles>(*files_);
  change(*files);
  former = std::exchange(files_, std::move(files));
}

// Most files have equally many rows: then their place is known by proportion, and nothing is searched.
const RowFile* RowTable::file_of(const RowFiles& files, double number) const noexcept {
  uint64_t row = 0;
  if (!whole(number, UINT64_MAX, row) || row >= first_rows_.back()) return nullptr;
  auto place = std::min(static_cast<size_t>(number * places_per_row_), files.size() - 1);
  if (row < first_rows_[place] || row >= first_rows_[place + 1]) {
    const auto behind = std::upper_bound(first_rows_.begin(), first_rows_.end(), row);
    place = static_cast<size_t>(behind - first_rows_.begin()) - 1;
  }
  return files[place].get();
}

bool RowTable::holds(const double* numbers, size_t count) const noexcept {
  const auto all = files();
  return std::all_of(numbers, numbers + count,
                     [&](double number) { return file_of(*all, number) != nullptr; });
}

Result<RowBatch> RowTable::find(const double* numbers, size_t count, const double* places, size_t place_count,
                                size_t slot_length) const noexcept {
  if (place_count != row_bytes_.size() + 1) return bad(std::to_string(place_count) + " places in the slot");
  RowBatch batch;
  if (places[0] != -1) {
    uint64_t offset = 0;
    if (!whole(places[0], slot_length, offset) || count > (slot_length - offset) / sizeof(int64_t)) {
      return bad_number("place", 0, places[0]);
    }
    batch.numbers_offset = offset;
  }
  batch.row_bytes = row_bytes_;
  batch.slot_offsets.resize(row_bytes_.size());
  for (size_t i = 0; i < row_bytes_.size(); i++) {
    uint64_t& offset = batch.slot_offsets[i];
    if (!whole(places[i + 1], slot_length, offset) || count > (slot_length - offset) / row_bytes_[i]) {
      return bad_number("place", i + 1, places[i + 1]);
    }
  }
  batch.keeps = files();
  batch.files.resize(count);
  batch.numbers.resize(count);
  for (size_t i = 0; i < count; i++) {
    const RowFile* file = file_of(*batch.keeps, numbers[i]);
    if (file == nullptr) return bad_number("row", i, numbers[i]);
    batch.files[i] = file;
    batch.numbers[i] = static_cast<int64_t>(numbers[i]);
  }
  return batch;
}

}  // namespace zc
