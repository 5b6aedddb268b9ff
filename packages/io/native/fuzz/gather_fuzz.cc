// The C ABI's gather: offsets of all kinds are refused, or their rows are copied.
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../capi/zc_core.h"
#include "../core/crc32c.h"
#include "../test/temp_file.h"
#include "numbers.h"

namespace {

constexpr uint64_t file_bytes = 10'001;

const std::vector<std::byte>& content() {
  static const auto* const bytes = new std::vector<std::byte>(zc::test::noise(file_bytes));
  return *bytes;
}

zc_map* open_map() {
  const zc::test::TempFile file(content());
  zc_map* map = nullptr;
  if (zc_map_open(file.path().c_str(), &map, nullptr) != 0) std::abort();
  return map;
}

uint64_t offset_of(double number) {
  return number >= 0 && number < 0x1p64 ? static_cast<uint64_t>(number) : UINT64_MAX - 7;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static zc_map* const map = open_map();
  const auto numbers = zc::fuzz::numbers_from(data, size);
  if (numbers.empty()) return 0;
  // What the caller promises: as much memory as rows times their length. Beyond the file no row is copied.
  const uint64_t row_bytes = offset_of(numbers[0]);
  std::vector<uint64_t> offsets;
  for (size_t i = 1; i < numbers.size(); i++) offsets.push_back(offset_of(numbers[i]));
  bool all_inside = true;
  for (const uint64_t offset : offsets) all_inside = all_inside && row_bytes <= file_bytes && offset <= file_bytes - row_bytes;
  std::vector<std::byte> rows(all_inside ? offsets.size() * row_bytes : 1);
  zc_error error = {};
  if ((zc_gather(map, offsets.data(), offsets.size(), row_bytes, rows.data(), &error) == 0) != all_inside) std::abort();
  if (!all_inside) {
    const std::vector<const zc_map*> maps(offsets.size(), map);
    const zc_ranges ranges = {.maps = maps.data(), .offsets = offsets.data(), .lengths = nullptr, .length = row_bytes,
                              .count = offsets.size(), .destination = nullptr, .destination_bytes = 0,
                              .places = nullptr, .checksums = nullptr, .checked = nullptr};
    if (zc_gather_ranges(&ranges, nullptr, nullptr) == 0) std::abort();
    return 0;
  }
  std::vector<uint32_t> checksums;
  for (size_t i = 0; i < offsets.size(); i++) {
    if (row_bytes > 0 && std::memcmp(rows.data() + i * row_bytes, content().data() + offsets[i], row_bytes) != 0) std::abort();
    checksums.push_back(zc::crc32c(content().data() + offsets[i], row_bytes));
  }
  const std::vector<const zc_map*> maps(offsets.size(), map);
  uint64_t bad_row = UINT64_MAX;
  const auto check = [&] {
    const zc_ranges ranges = {.maps = maps.data(), .offsets = offsets.data(), .lengths = nullptr, .length = row_bytes,
                              .count = offsets.size(), .destination = rows.data(), .destination_bytes = rows.size(),
                              .places = nullptr, .checksums = checksums.data(), .checked = nullptr};
    return zc_gather_ranges(&ranges, &bad_row, &error);
  };
  if (check() != 0) std::abort();
  if (offsets.empty()) return 0;
  const size_t wrong = size % offsets.size();
  checksums[wrong] ^= 1;
  if (check() == 0 || bad_row != wrong) std::abort();
  return 0;
}
