// Where the rows of open files lie in memory: it turns the numbers of a batch's rows into the batch, without a plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine_file.h"
#include "result.h"

namespace zc {

// Where one column of a file's rows begins. Its rows lie one behind the other.
struct RowColumn {
  uint64_t offset = 0;          // in the file
  std::vector<std::byte> held;  // or the rows themselves, where there are any: then the file is not looked at
  std::optional<std::vector<uint32_t>> checksums;  // CRC32C of each row, where every copy is to be checked
};

// The rows of one file. A batch that copies from it shares it, and with it descriptor and map.
struct RowFile {
  std::shared_ptr<EngineFile> file;
  const MappedFile* map = nullptr;        // the file's
  uint64_t first_row = 0;
  std::vector<RowColumn> columns;
  std::vector<const std::byte*> bases;    // of each column, its first row

  bool is_held(size_t column) const { return !columns[column].held.empty(); }
};

// By their place in the table; empty where there is none whose rows may be copied.
using RowFiles = std::vector<std::shared_ptr<const RowFile>>;

// Which rows a batch is made of, and where they go; found right against their table and the slot.
struct RowBatch {
  std::shared_ptr<const RowFiles> keeps;   // all that `files` points to
  std::vector<const RowFile*> files;       // of each row
  std::vector<int64_t> numbers;            // of each row, in its table
  std::vector<uint64_t> row_bytes;         // of each column
  std::vector<uint64_t> slot_offsets;      // of each column
  std::optional<uint64_t> numbers_offset;  // where in the slot the numbers go, as int64
};

// Rows of fixed length that are numbered through, file behind file. Knows nothing of what they are, nor, without
// checksums, whether their bytes are right: who adds a file says that its rows may be copied as they lie. Thread-safe.
class RowTable {
 public:
  // `first_rows`: the number of each file's first row, ascending from 0, and behind them the number of all rows.
  // `row_bytes`: the length of a row of each column. Every number is checked; `argument` names the first bad one.
  static Result<std::shared_ptr<RowTable>> create(const std::vector<double>& first_rows,
                                                  const std::vector<double>& row_bytes) noexcept;

  // Puts a file at its place, instead of the one that was there. Maps it where that was not done before.
  Result<void> add(uint64_t place, std::shared_ptr<EngineFile> file, std::vector<RowColumn> columns) noexcept;
  // From now on no batch begins to copy from there.
  void remove(uint64_t place) noexcept;
  // The same for all places of a file, or for all places.
  void remove_file(const EngineFile& file) noexcept;
  void clear() noexcept;

  // Whether all of these rows can be had: false also for numbers that are none of its rows'.
  bool holds(const double* numbers, size_t count) const noexcept;

  // `places`: where in the slot the numbers go (-1: nowhere), and then each column. Fails with `argument` where a
  // row or a place is not to be had.
  Result<RowBatch> find(const double* numbers, size_t count, const double* places, size_t place_count,
                        size_t slot_length) const noexcept;

 private:
  RowTable() = default;
  std::shared_ptr<const RowFiles> files() const noexcept;
  template <typename Change>
  void change(Change&& change) noexcept;
  // Nothing for what is no row's number, or whose file is not there.
  const RowFile* file_of(const RowFiles& files, double number) const noexcept;

  std::vector<uint64_t> first_rows_;
  std::vector<uint64_t> row_bytes_;
  double places_per_row_ = 0;

  mutable std::mutex mutex_;
  std::shared_ptr<const RowFiles> files_;  // under mutex_; another one with each change
};

}  // namespace zc
