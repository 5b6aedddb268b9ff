#include "sum64.h"

#include <cstring>

namespace zc {

uint64_t sum64(const void* data, size_t length) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(data);
  // Eight independent sums, which the compiler turns into vector additions.
  uint64_t sums[8] = {};
  for (; length >= 64; bytes += 64, length -= 64) {
    uint64_t words[8];
    std::memcpy(words, bytes, sizeof words);
    for (int lane = 0; lane < 8; lane++) sums[lane] += words[lane];
  }
  uint64_t total = 0;
  for (const uint64_t sum : sums) total += sum;
  for (; length > 0;) {
    uint64_t word = 0;
    const size_t part = length < 8 ? length : 8;
    std::memcpy(&word, bytes, part);
    total += word;
    bytes += part;
    length -= part;
  }
  return total;
}

}  // namespace zc
