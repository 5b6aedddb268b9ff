// CRC32C (Castagnoli, reflected, as in RFC 3720): the checksum of every part of a shard.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zc {

// The CRC32C of `length` bytes, continuing from `seed` (the result for the bytes before; 0 to begin).
// Any alignment. Safe from any thread. Processor instructions where there are some, tables elsewhere.
uint32_t crc32c(const void* data, size_t length, uint32_t seed = 0) noexcept;

// Copies and checks in one pass over memory. The ranges must not overlap.
uint32_t crc32c_copy(void* destination, const void* source, size_t length, uint32_t seed = 0) noexcept;

// "sse4.2", "armv8" or "table".
const char* crc32c_implementation() noexcept;

// The table implementation, by which the others are tested.
uint32_t crc32c_table(const void* data, size_t length, uint32_t seed) noexcept;

}  // namespace zc
