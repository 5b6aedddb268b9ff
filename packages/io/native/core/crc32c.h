// CRC32C (Castagnoli, reflected, as in RFC 3720): the checksum of every part of a shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace zc {

// The CRC32C of `length` bytes, continuing from `seed` (the result for the bytes before; 0 to begin).
// Any alignment. Safe from any thread. Processor instructions where there are some, tables elsewhere.
uint32_t crc32c(const void* data, size_t length, uint32_t seed = 0) noexcept;

// Copies and checks in one pass over memory. The ranges must not overlap.
uint32_t crc32c_copy(void* destination, const void* source, size_t length, uint32_t seed = 0) noexcept;

// One way of computing it. `update` continues the register, which is inverted before the first byte and after the
// last.
struct Crc32cImplementation {
  const char* name;  // "avx512", "sse4.2", "armv8" or "table"
  uint32_t (*update)(uint32_t state, const uint8_t* bytes, size_t length);
};

// Those that this processor has, the fastest first: it is the one that is used. The last one is the table, by which
// the others are tested.
std::span<const Crc32cImplementation> crc32c_implementations() noexcept;

}  // namespace zc
