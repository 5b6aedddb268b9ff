#include "gather.h"

#include <algorithm>
#include <cstring>

#include "../crc32c.h"

namespace zc {
namespace {

constexpr uintptr_t page_bytes = 4096;
constexpr size_t rows_ahead = 4;

// Asks for the first line of a coming row, and for the first one of its next page: that begins the two walks
// through the page tables, and the processor's own prefetcher, which stops at page borders, does the rest. To ask
// for every line of the row takes as long as the misses that it saves.
void prefetch(const std::byte* source, size_t length) {
  __builtin_prefetch(source, 0, 2);
  const auto address = reinterpret_cast<uintptr_t>(source);
  const size_t to_next_page = page_bytes - address % page_bytes;
  if (to_next_page < length) __builtin_prefetch(source + to_next_page, 0, 2);
}

void copy_row(CopyRow& row) {
  if (!row.checked) {
    if (row.destination != nullptr) std::memcpy(row.destination, row.source, row.length);
  } else if (row.destination == nullptr) {
    row.crc32c = crc32c(row.source, row.length);
  } else {
    row.crc32c = crc32c_copy(row.destination, row.source, row.length);
  }
}

}  // namespace

void gather(CopyRow* rows, size_t count) noexcept {
  for (size_t i = 0; i < std::min(rows_ahead, count); i++) prefetch(rows[i].source, rows[i].length);
  for (size_t i = 0; i < count; i++) {
    if (i + rows_ahead < count) prefetch(rows[i + rows_ahead].source, rows[i + rows_ahead].length);
    copy_row(rows[i]);
  }
}

void gather_rows(const std::byte* base, const uint64_t* offsets, size_t count, size_t row_bytes,
                 std::byte* destination, uint32_t* checksums) noexcept {
  if (row_bytes == 0) {
    // Neither a destination nor, of an empty file, a source need be there.
    if (checksums != nullptr) std::fill_n(checksums, count, crc32c(nullptr, 0));
    return;
  }
  for (size_t i = 0; i < std::min(rows_ahead, count); i++) prefetch(base + offsets[i], row_bytes);
  for (size_t i = 0; i < count; i++) {
    if (i + rows_ahead < count) prefetch(base + offsets[i + rows_ahead], row_bytes);
    std::byte* to = destination + i * row_bytes;
    if (checksums == nullptr) {
      std::memcpy(to, base + offsets[i], row_bytes);
    } else {
      checksums[i] = crc32c_copy(to, base + offsets[i], row_bytes);
    }
  }
}

}  // namespace zc
