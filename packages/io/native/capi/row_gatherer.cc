#include "row_gatherer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "../core/kernels/gather.h"
#include "../core/sigbus_guard.h"

namespace zc::capi {
namespace {

constexpr uint64_t page_bytes = 4096;
// Rows are copied in groups whose list lies on the stack.
constexpr size_t group_rows = 256;

std::vector<uint64_t> row_bytes_of(std::span<const TensorField> fields) {
  std::vector<uint64_t> bytes;
  for (const TensorField& field : fields) bytes.push_back(field.row_bytes().value_or(UINT64_MAX));
  return bytes;
}

}  // namespace

bool RowTable::find(std::span<const int64_t> samples, std::vector<Source>& sources) const {
  for (const int64_t sample : samples) {
    const auto number = static_cast<uint64_t>(sample);
    if (ends_.empty() || number >= ends_.back()) return false;
    const size_t shard = ends_.size() == 1
                             ? 0
                             : static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), number) - ends_.begin());
    if (shards_[shard].file == nullptr) return false;
    sources.push_back({&shards_[shard], number - first_of(shard)});
  }
  return true;
}

RowGatherer::RowGatherer(std::vector<uint64_t> ends, std::vector<TensorField> fields)
    : fields_(std::move(fields)),
      row_bytes_(row_bytes_of(fields_)),
      table_(std::make_shared<RowTable>(ends)),
      nothing_known_(std::move(ends)) {}

bool RowGatherer::add(size_t shard, RowTable::Shard known) {
  if (shard >= table_->size() || known.file == nullptr || known.regions.size() != fields_.size()) return false;
  for (size_t i = 0; i < fields_.size(); i++) {
    uint64_t bytes = 0, end = 0;
    if (__builtin_mul_overflow(table_->rows_of(shard), row_bytes_[i], &bytes) ||
        __builtin_add_overflow(known.regions[i], bytes, &end) || end > known.file->size()) {
      return false;
    }
  }
  // A batch that is being gathered has the former one.
  if (table_.use_count() > 1) table_ = std::make_shared<RowTable>(*table_);
  table_->put(shard, std::move(known));
  return true;
}

void RowGatherer::clear() { table_ = std::make_shared<RowTable>(nothing_known_); }

std::optional<BatchLayout> RowGatherer::layout(size_t samples) const {
  BatchLayout made;
  made.offsets.reserve(fields_.size() + 1);
  const auto add = [&](uint64_t row_bytes) {
    made.offsets.push_back(made.bytes);
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(row_bytes, samples, &bytes) || bytes > INT64_MAX - page_bytes ||
        __builtin_add_overflow(made.bytes, (bytes + page_bytes - 1) / page_bytes * page_bytes, &made.bytes)) {
      return false;
    }
    return true;
  };
  for (const uint64_t row_bytes : row_bytes_) {
    if (!add(row_bytes)) return {};
  }
  if (!add(sizeof(int64_t))) return {};
  return made;
}

bool RowGatherer::gather(std::span<const RowTable::Source> sources, std::span<const int64_t> samples,
                         const BatchLayout& layout, std::byte* memory) const {
  SigbusGuard::renew();
  std::array<CopyRow, group_rows> rows;
  for (size_t first = 0; first < sources.size(); first += group_rows) {
    const auto group = sources.subspan(first, std::min(group_rows, sources.size() - first));
    for (size_t field = 0; field < fields_.size(); field++) {
      const uint64_t bytes = row_bytes_[field];
      std::byte* const to = memory + layout.offsets[field] + first * bytes;
      for (size_t i = 0; i < group.size(); i++) {
        const auto& [shard, row] = group[i];
        rows[i] = {.source = shard->file->address() + shard->regions[field] + row * bytes,
                   .destination = to + i * bytes,
                   .length = bytes};
      }
      zc::gather(rows.data(), group.size());
    }
  }
  std::memcpy(memory + layout.offsets.back(), samples.data(), samples.size_bytes());
  return std::all_of(sources.begin(), sources.end(), [last = static_cast<const RowTable::Shard*>(nullptr)](
                                                         const RowTable::Source& source) mutable {
    if (source.shard == last) return true;
    last = source.shard;
    return !last->file->poisoned();
  });
}

}  // namespace zc::capi
