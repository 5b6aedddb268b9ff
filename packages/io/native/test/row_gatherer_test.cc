#include "../capi/row_gatherer.h"

#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "../capi/gather_memory.h"
#include "harness.h"
#include "temp_file.h"

using zc::capi::BatchLayout;
using zc::capi::GatherMemory;
using zc::capi::RowGatherer;
using zc::capi::RowTable;
using zc::capi::TensorField;
using zc::test::noise;
using zc::test::TempFile;

namespace {

// Two shards of 10 and 20 samples: rows of 100 bytes from 4096 on, and int64 behind them at 8192.
struct Shards {
  std::vector<std::byte> first = noise(9000), second = noise(9000);
  TempFile files[2] = {TempFile(first), TempFile(second)};
  RowGatherer gatherer{{10, 30},
                       {{.type_code = 1, .type_bits = 8, .row_shape = {100}},
                        {.type_code = 0, .type_bits = 64, .row_shape = {}}}};

  bool add(size_t shard, std::vector<uint64_t> regions = {4096, 8192}) {
    return gatherer.add(shard, {zc::MappedFile::open(files[shard].path().c_str()).value(), std::move(regions)});
  }
  std::optional<std::vector<RowTable::Source>> find(const std::vector<int64_t>& samples) const {
    std::vector<RowTable::Source> sources;
    if (!gatherer.table()->find(samples, sources)) return {};
    return sources;
  }
};

}  // namespace

TEST("row gatherer: all fields of samples of several shards lie where the layout says") {
  Shards shards;
  CHECK(shards.add(0) && shards.add(1));
  const std::vector<int64_t> samples = {29, 0, 10, 9, 10};
  const auto layout = shards.gatherer.layout(samples.size());
  CHECK(layout.has_value());
  CHECK_EQUAL(layout->offsets[1], 4096u);
  CHECK_EQUAL(layout->bytes, 3 * 4096u);
  std::vector<std::byte> memory(layout->bytes);
  const auto sources = shards.find(samples);
  CHECK(sources && shards.gatherer.gather(*sources, samples, *layout, memory.data()));
  for (size_t i = 0; i < samples.size(); i++) {
    const bool in_first = samples[i] < 10;
    const auto& content = in_first ? shards.first : shards.second;
    const auto row = static_cast<size_t>(in_first ? samples[i] : samples[i] - 10);
    CHECK(std::memcmp(memory.data() + i * 100, content.data() + 4096 + row * 100, 100) == 0);
    CHECK(std::memcmp(memory.data() + 4096 + i * 8, content.data() + 8192 + row * 8, 8) == 0);
  }
  CHECK(std::memcmp(memory.data() + 8192, samples.data(), samples.size() * 8) == 0);
}

TEST("row gatherer: batches of more rows than a group are whole") {
  Shards shards;
  CHECK(shards.add(0));
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < 600; i++) samples.push_back(i % 10);
  const auto layout = shards.gatherer.layout(samples.size());
  std::vector<std::byte> memory(layout->bytes);
  CHECK(shards.gatherer.gather(*shards.find(samples), samples, *layout, memory.data()));
  CHECK(std::memcmp(memory.data() + 599 * 100, shards.first.data() + 4096 + 900, 100) == 0);
}

TEST("row gatherer: finds no sample that is none, or in a shard that it does not know") {
  Shards shards;
  CHECK(!shards.find({0}));
  CHECK(shards.add(1));
  CHECK(shards.find({10}).has_value());
  for (const int64_t sample : {int64_t{-1}, int64_t{9}, int64_t{30}, INT64_MIN, INT64_MAX}) {
    CHECK(!shards.find({10, sample}));
  }
  shards.gatherer.clear();
  CHECK(!shards.find({10}));
}

TEST("row gatherer: knows no shard whose file does not hold its rows") {
  Shards shards;
  CHECK(!shards.add(0, {9000 - 999, 8192}));
  CHECK(!shards.add(0, {4096, 9000 - 79}));
  CHECK(!shards.add(0, {UINT64_MAX, 8192}));
  CHECK(!shards.add(0, {4096}));
  CHECK(!shards.gatherer.add(2, {zc::MappedFile::open(shards.files[0].path().c_str()).value(), {0, 0}}));
  CHECK(shards.add(0, {9000 - 1000, 9000 - 80}));
}

TEST("row gatherer: a batch keeps the shards that it began with") {
  Shards shards;
  CHECK(shards.add(0));
  const auto table = shards.gatherer.table();
  shards.gatherer.clear();
  std::vector<RowTable::Source> sources;
  const std::vector<int64_t> samples = {3};
  CHECK(table->find(samples, sources));
  const auto layout = shards.gatherer.layout(1);
  std::vector<std::byte> memory(layout->bytes);
  CHECK(shards.gatherer.gather(sources, samples, *layout, memory.data()));
  CHECK(std::memcmp(memory.data(), shards.first.data() + 4096 + 300, 100) == 0);
}

TEST("row gatherer: a file that was cut short is told") {
  Shards shards;
  CHECK(shards.add(0));
  CHECK_EQUAL(::truncate(shards.files[0].path().c_str(), 100), 0);
  const std::vector<int64_t> samples = {3};
  const auto layout = shards.gatherer.layout(1);
  std::vector<std::byte> memory(layout->bytes);
  CHECK(!shards.gatherer.gather(*shards.find(samples), samples, *layout, memory.data()));
}

TEST("gather memory: is used again once nobody holds it, where it is not far too large") {
  const auto memory = std::make_shared<GatherMemory>();
  auto block = memory->take(100000);
  CHECK_EQUAL(block->bytes(), 102400u);
  std::byte* const address = block->address();
  const auto other = memory->take(100000);
  CHECK(other->address() != address);
  block.reset();
  CHECK(memory->take(20000)->bytes() < 102400u);
  CHECK(memory->take(60000)->address() == address);
  CHECK(memory->take(SIZE_MAX) == nullptr);
}

TEST("gather memory: outlives its owner with what was taken, on any thread") {
  auto memory = std::make_shared<GatherMemory>();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([block = memory->take(8192)]() mutable {
      block->address()[8191] = std::byte{1};
      block.reset();
    });
  }
  memory.reset();
  for (std::thread& thread : threads) thread.join();
}
