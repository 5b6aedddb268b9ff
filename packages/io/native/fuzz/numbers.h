// A fuzzer's bytes as the numbers of a plan: most of them small or at an edge, for random bits are refused at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zc::fuzz {

// One byte says what the next number is made of: a byte or two of the input, an odd one of a list, or eight bytes.
std::vector<double> numbers_from(const uint8_t* data, size_t size);

}  // namespace zc::fuzz
