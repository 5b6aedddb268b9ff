// Read plans by name instead of by number, and reads that are waited for.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "../core/read_engine.h"

namespace zc::test {

class PlanBuilder {
 public:
  struct Piece {
    double extent_offset = 0;
    double length = 0;
    double slot_offset = -1;
    double crc32c = -1;
    double tag = 0;
  };

  PlanBuilder& extent(uint32_t file, double offset, double length, ReadWay way, const std::vector<Piece>& pieces) {
    extents_.insert(extents_.end(), {double(file), offset, length, double(pieces_.size() / 5),
                                     double(pieces.size()), double(static_cast<uint8_t>(way))});
    for (const Piece& piece : pieces) {
      pieces_.insert(pieces_.end(),
                     {piece.extent_offset, piece.length, piece.slot_offset, piece.crc32c, piece.tag});
    }
    return *this;
  }
  // One extent that goes to one place.
  PlanBuilder& row(uint32_t file, double offset, double length, ReadWay way, double slot_offset) {
    return extent(file, offset, length, way, {{.length = length, .slot_offset = slot_offset}});
  }

  std::vector<double> numbers() const {
    std::vector<double> plan = {double(extents_.size() / 6), double(pieces_.size() / 5)};
    plan.insert(plan.end(), extents_.begin(), extents_.end());
    plan.insert(plan.end(), pieces_.begin(), pieces_.end());
    return plan;
  }

 private:
  std::vector<double> extents_;
  std::vector<double> pieces_;
};

// Page-aligned memory to read into, 0xee at first, so that what nobody wrote shows.
struct Memory {
  explicit Memory(size_t length);
  std::byte* data = nullptr;
  size_t length = 0;
  std::shared_ptr<void> owner;
  ReadTarget target() const { return {data, length, owner}; }
};

// The outcome of a batch in flight.
struct PendingRead {
  uint64_t batch = 0;
  std::future<ReadOutcome> outcome;
};

PendingRead submit(ReadEngine& engine, const Memory& memory, const PlanBuilder& plan,
                   ReadFailures failures = ReadFailures::first);
ReadOutcome read(ReadEngine& engine, const Memory& memory, const PlanBuilder& plan,
                 ReadFailures failures = ReadFailures::first);
ReadOutcome prefetch(ReadEngine& engine, uint32_t file, std::vector<FileRange> ranges);

std::unique_ptr<ReadEngine> make_engine(ReadEngine::Options options);
uint32_t open_file(ReadEngine& engine, const std::string& path);

// Runs a test with an engine of either kind.
void on_each_backend(const std::function<void(ReadEngine&)>& body, ReadEngine::Options options = {});

extern const std::vector<ReadWay> every_way;

}  // namespace zc::test
