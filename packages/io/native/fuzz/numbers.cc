#include "numbers.h"

#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

namespace zc::fuzz {

std::vector<double> numbers_from(const uint8_t* data, size_t size) {
  constexpr double odd[] = {-1,    -2,     0.5,    -0.0,    4095,    4096, 4097, 16384, 65536, 100001,
                            0x1p31, 0x1p32, 0x1p53, 0x1p63, 0x1p64, 1e300, HUGE_VAL, -HUGE_VAL};
  constexpr size_t number_max = 4096;
  std::vector<double> numbers;
  for (size_t at = 0; at < size && numbers.size() < number_max;) {
    const uint8_t kind = data[at++];
    uint8_t bytes[8] = {};
    const size_t wanted = kind < 128 ? 1 : kind < 192 ? 2 : kind < 224 ? 0 : kind < 240 ? 3 : 8;
    const size_t taken = wanted < size - at ? wanted : size - at;
    std::memcpy(bytes, data + at, taken);
    at += taken;
    uint64_t whole = 0;
    std::memcpy(&whole, bytes, sizeof whole);
    double number = static_cast<double>(whole);
    if (wanted == 0) number = odd[kind % std::size(odd)];
    if (wanted == 8) std::memcpy(&number, bytes, sizeof number);
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace zc::fuzz
