// Gathers samples whose fields all have rows of one shape from mapped shards, all fields of a batch in one go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "../core/mapped_file.h"
#include "batch_message.h"

namespace zc::capi {

// Where the rows of a dataset lie, of as many shards as are known to be right. It does not change: a batch that is being
// gathered keeps the one that it began with.
class RowTable {
 public:
  struct Shard {
    std::shared_ptr<MappedFile> file;
    std::vector<uint64_t> regions;  // where each field begins
  };
  // Where a sample's rows lie.
  struct Source {
    const Shard* shard;
    uint64_t row;
  };

  // `ends`: sample i lies in the first shard whose end is above i.
  explicit RowTable(std::vector<uint64_t> ends) : ends_(std::move(ends)), shards_(ends_.size()) {}

  size_t size() const { return shards_.size(); }
  uint64_t rows_of(size_t shard) const { return ends_[shard] - first_of(shard); }
  void put(size_t shard, Shard known) { shards_[shard] = std::move(known); }
  // False where one is no sample's or lies in a shard that is not known.
  bool find(std::span<const int64_t> samples, std::vector<Source>& sources) const;

 private:
  uint64_t first_of(size_t shard) const { return shard == 0 ? 0 : ends_[shard - 1]; }
  std::vector<uint64_t> ends_;
  std::vector<Shard> shards_;
};

// Where the parts of a batch lie in its memory: each field, and, behind them, the samples' numbers.
struct BatchLayout {
  std::vector<uint64_t> offsets;
  uint64_t bytes = 0;
};

class RowGatherer {
 public:
  RowGatherer(std::vector<uint64_t> ends, std::vector<TensorField> fields);

  std::span<const TensorField> fields() const { return fields_; }
  // Of a sample, without its number.
  uint64_t sample_bytes() const { return std::accumulate(row_bytes_.begin(), row_bytes_.end(), uint64_t{0}); }
  std::shared_ptr<const RowTable> table() const { return table_; }
  // Rows of that shard are gathered from here on, without a look at their checksums. False where the file does not
  // hold them.
  bool add(size_t shard, RowTable::Shard known);
  void clear();

  // Nothing where it is more than a number holds.
  std::optional<BatchLayout> layout(size_t samples) const;
  // Copies all rows, and the samples' numbers. False where a file was cut short.
  bool gather(std::span<const RowTable::Source> sources, std::span<const int64_t> samples, const BatchLayout& layout,
              std::byte* memory) const;

 private:
  const std::vector<TensorField> fields_;
  std::vector<uint64_t> row_bytes_;
  std::shared_ptr<RowTable> table_;
  const RowTable nothing_known_;
};

}  // namespace zc::capi
