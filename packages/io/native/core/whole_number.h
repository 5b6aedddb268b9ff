// Numbers that come from JavaScript: doubles, none of which is trusted.
#pragma once

#include <cstdint>

namespace zc {

inline constexpr double safe_integer_max = 9007199254740991.0;  // 2^53 - 1

// A whole number in [0, max]. NaN fails the first comparison.
inline bool whole(double number, uint64_t max, uint64_t& out) noexcept {
  if (!(number >= 0 && number <= safe_integer_max)) return false;
  out = static_cast<uint64_t>(number);
  return static_cast<double>(out) == number && out <= max;
}

inline bool inside(uint64_t offset, uint64_t length, uint64_t size) noexcept {
  return offset <= size && length <= size - offset;
}

}  // namespace zc
