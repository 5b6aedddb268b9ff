// Rows that are stored as zstd frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../result.h"

namespace zc {

// Frames in one part of a slot, and where in another one they are decoded to.
struct ZstdStep {
  struct Row {
    uint64_t source = 0;  // bytes from the slot's start
    uint64_t source_length = 0;
    uint64_t target = 0;
    uint64_t target_length = 0;
  };
  std::vector<Row> row_places;

  size_t rows() const noexcept { return row_places.size(); }
  // What a row takes on average: work is shared by it.
  size_t row_bytes() const noexcept;
};

// Decodes one row to exactly `target_length` bytes, with memory that the thread keeps.
//
// Before a byte is written the row is seen to be one whole frame, without a dictionary, that says of itself that it
// has `target_length` bytes, and whose window is no longer than that (or 1 KiB). Fails with `argument`, the frame's
// offset in the slot and what is wrong with it.
Result<void> decode_zstd_row(const ZstdStep::Row& row, std::byte* slot);

// "1.5.4".
const char* zstd_version() noexcept;

// One frame with its content's size in its header.
Result<std::vector<std::byte>> compress_zstd(const std::byte* data, size_t length, int level);

}  // namespace zc
