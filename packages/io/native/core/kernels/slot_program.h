// What is done to the bytes of a slot once they were read: a list of steps, taken apart and checked. Nothing in it
// is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "../result.h"
#include "affine_rows.h"
#include "zstd_rows.h"

namespace zc {

// Rows of one place in the slot, moved to another place as `shape` says.
struct AffineStep {
  AffineShape shape;
  uint64_t source = 0;        // of the first row, bytes from the slot's start
  uint64_t source_bytes = 0;  // from one row to the next
  uint64_t target = 0;
  uint64_t target_bytes = 0;
  std::vector<AffinePlace> places;  // one a row

  size_t rows() const noexcept { return places.size(); }
  size_t row_bytes() const noexcept;
};

// A part of each row is set to one element again and again.
struct FillStep {
  struct Range {
    uint64_t begin = 0;  // bytes from the row's start, whole elements
    uint64_t end = 0;
  };
  uint32_t element_bytes = 1;
  uint64_t element = 0;  // its bits
  uint64_t target = 0;
  uint64_t target_bytes = 0;
  std::vector<Range> ranges;  // one a row

  size_t rows() const noexcept { return ranges.size(); }
  size_t row_bytes() const noexcept { return target_bytes; }
};

// Bytes that must be 0 or 1, in rows that are one behind the other.
struct BoolStep {
  uint64_t source = 0;
  uint64_t length = 0;
  static constexpr uint64_t row_length = 65536;

  size_t rows() const noexcept { return (length + row_length - 1) / row_length; }
  size_t row_bytes() const noexcept { return row_length; }
};

using SlotStep = std::variant<AffineStep, FillStep, BoolStep, ZstdStep>;

// Checks every number of a program (see encodeSlotSteps in packages/io/src/slot-program.ts): whole, in range, inside
// the slot, aligned, and sources apart from targets. `argument` names the first that is not.
Result<std::vector<SlotStep>> parse_slot_program(const double* program, size_t length, size_t slot_length);

// Does the step for the rows from `first` to `end - 1`. Rows of one step may be done in any order and at once.
// Fails, for bytes that are to be bool and are not and for what is no good frame, with `argument`, the offset in the
// slot and what was found.
Result<void> run_slot_step(const SlotStep& step, size_t first, size_t end, std::byte* slot);

}  // namespace zc
