// A batch's plan, taken apart and checked: nothing in it is trusted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine_file.h"
#include "read_engine.h"
#include "result.h"

namespace zc {

struct Piece {
  uint64_t extent_offset = 0;
  uint64_t length = 0;
  uint64_t slot_offset = 0;
  uint32_t crc32c = 0;
  bool copied = false;   // else only checked
  bool checked = false;
  double tag = -1;
};

struct Extent {
  std::shared_ptr<EngineFile> file;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t pieces_from = 0;  // what the extent_offset of its pieces is counted beyond: not 0 where it is a part
  uint32_t first_piece = 0;
  uint32_t piece_count = 0;
  ReadWay way = ReadWay::buffered;
  // The pieces, in their order, lie in the slot as they lie in the extent, without a gap: one read can fill them.
  bool contiguous = false;
};

struct ReadPlan {
  std::vector<Extent> extents;
  std::vector<Piece> pieces;
};

// Nothing for a handle that is not open.
using FileLookup = std::function<std::shared_ptr<EngineFile>(uint32_t)>;

// Checks every number: whole, in range, inside its file, extent and slot. `argument` names the first that is not.
Result<ReadPlan> parse_plan(const double* plan, size_t plan_length, size_t slot_length, const FileLookup& lookup);

}  // namespace zc
