// Batches of rows whose places are known: copied out of the files' maps, and nothing is planned, asked or checked
// but whether the maps were sound.

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine_core.h"
#include "sigbus_guard.h"

namespace zc {
namespace {

// A helper's task: long enough that handing it over costs nothing beside it.
constexpr uint64_t task_bytes_min = 512 << 10;
// Rows that are gathered at once: what is begun goes on for at most so many after the batch was cancelled.
constexpr size_t group_rows = 256;

// A map that was cut short reads as zeros: then that is what is wrong.
void compare_row(Batch& batch, const RowFile& file, size_t column, int64_t number, const CopyRow& copied) {
  if (!copied.checked) return;
  const auto& [offset, held, checksums] = file.columns[column];
  const auto row = static_cast<uint64_t>(number) - file.first_row;
  if (copied.crc32c == (*checksums)[row]) return;
  auto sound = file.map->check();
  batch.fail(!sound ? std::move(sound).error()
                    : Error{.code = ErrorCode::checksum,
                            .operation = "CRC32C of " + std::to_string(copied.length) + " bytes",
                            .path = file.file->path(),
                            .offset = static_cast<int64_t>(offset + row * copied.length),
                            .expected = (*checksums)[row],
                            .actual = copied.crc32c});
}

}  // namespace

bool EngineCore::start_rows(std::shared_ptr<Batch> shared) {
  Batch& batch = *shared;
  const RowBatch& rows = *batch.rows;
  const size_t count = rows.numbers.size();
  uint64_t bytes = 0;
  for (const uint64_t row_bytes : rows.row_bytes) bytes += row_bytes * count;
  const size_t parts = std::clamp<size_t>(bytes / task_bytes_min, 1, helpers_.size());
  std::vector<ThreadPool::Task> tasks;
  for (size_t i = 0; i < parts; i++) {
    tasks.push_back([this, &batch, first = count * i / parts, end = count * (i + 1) / parts] {
      copy_rows(batch, first, end);
    });
  }
  batch.pending.store(static_cast<uint32_t>(parts), std::memory_order_relaxed);
  if (!enter(shared)) return false;
  helpers_.push_all(std::move(tasks));
  return true;
}

// A helper's task; holds one unit.
void EngineCore::copy_rows(Batch& batch, size_t first, size_t end) {
  SigbusGuard::renew();
  const RowBatch& rows = *batch.rows;
  const size_t columns = rows.row_bytes.size();
  uint64_t copied = 0;
  CopyRow group[group_rows];
  for (size_t column = 0; column < columns; column++) {
    const uint64_t row_bytes = rows.row_bytes[column];
    std::byte* const to = batch.target.data + rows.slot_offsets[column];
    for (size_t from = first; from < end && !batch.stopped.load(std::memory_order_acquire); from += group_rows) {
      const size_t count = std::min(group_rows, end - from);
      for (size_t i = 0; i < count; i++) {
        const RowFile& file = *rows.files[from + i];
        const uint64_t row = static_cast<uint64_t>(rows.numbers[from + i]) - file.first_row;
        group[i] = {.source = file.bases[column] + row * row_bytes,
                    .destination = to + (from + i) * row_bytes,
                    .length = row_bytes,
                    .checked = file.columns[column].checksums.has_value()};
        if (!file.is_held(column)) copied += row_bytes;
      }
      gather_for(batch, std::span(group, count));
      for (size_t i = 0; i < count; i++) compare_row(batch, *rows.files[from + i], column, rows.numbers[from + i], group[i]);
    }
  }
  if (rows.numbers_offset && first < end) {
    std::memcpy(batch.target.data + *rows.numbers_offset + first * sizeof(int64_t), rows.numbers.data() + first,
                (end - first) * sizeof(int64_t));
  }
  // After the last byte: a page that is missing reads as zeros. Files that no row came from are few, and looked at too.
  for (const auto& file : *rows.keeps) {
    if (file == nullptr) continue;
    if (auto sound = file->map->check(); !sound) batch.fail(std::move(sound).error());
  }
  batch.bytes_resident.fetch_add(copied, std::memory_order_relaxed);
  batch.bytes_copied.fetch_add(copied, std::memory_order_relaxed);
  bytes_from_map_.fetch_add(copied, std::memory_order_relaxed);
  done(batch, 1);
}

}  // namespace zc
