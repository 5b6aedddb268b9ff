// Copies many rows from cold-ish places to one warm place, asking the memory for the next rows meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zc {

struct CopyRow {
  const std::byte* source = nullptr;
  std::byte* destination = nullptr;  // nullptr: only the checksum is wanted
  size_t length = 0;
  bool checked = false;  // compute crc32c
  uint32_t crc32c = 0;   // out
};

// Copies rows[0..count), prefetching sources ahead. Sources and destinations must not overlap.
void gather(CopyRow* rows, size_t count) noexcept;

// Rows of one length, from base + offsets[i] to destination + i * row_bytes. Where `checksums` is not null,
// each row's CRC32C is computed in the same pass and stored there.
void gather_rows(const std::byte* base, const uint64_t* offsets, size_t count, size_t row_bytes,
                 std::byte* destination, uint32_t* checksums) noexcept;

}  // namespace zc
