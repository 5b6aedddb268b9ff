#include <cstring>

#include "../core/crc32c.h"
#include "../core/kernels/gather.h"
#include "../core/kernels/sum64.h"
#include "harness.h"
#include "temp_file.h"

TEST("sum64 adds little-endian words and pads the tail with zeros") {
  const auto bytes = zc::test::noise(1000);
  for (size_t length = 0; length < 300; length++) {
    uint64_t expected = 0;
    for (size_t at = 0; at < length; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data() + 1 + at, std::min<size_t>(8, length - at));
      expected += word;
    }
    CHECK_EQUAL(zc::sum64(bytes.data() + 1, length), expected);
  }
}

TEST("gather_rows puts each row in its place, with its checksum where asked") {
  const auto source = zc::test::noise(1 << 20);
  for (const size_t row_bytes : {1u, 63u, 3072u, 40000u}) {
    const std::vector<uint64_t> offsets = {5, 900000, 0, 17, 123456, 5};
    std::vector<std::byte> rows(offsets.size() * row_bytes);
    std::vector<uint32_t> checksums(offsets.size());
    for (const bool checked : {false, true}) {
      std::fill(rows.begin(), rows.end(), std::byte{0});
      zc::gather_rows(source.data(), offsets.data(), offsets.size(), row_bytes, rows.data(),
                      checked ? checksums.data() : nullptr);
      for (size_t i = 0; i < offsets.size(); i++) {
        CHECK(std::memcmp(rows.data() + i * row_bytes, source.data() + offsets[i], row_bytes) == 0);
        if (checked) CHECK_EQUAL(checksums[i], zc::crc32c(source.data() + offsets[i], row_bytes));
      }
    }
  }
}

TEST("gather leaves out what is only to be checked") {
  const auto source = zc::test::noise(10000);
  std::vector<std::byte> target(200);
  zc::CopyRow rows[] = {
      {.source = source.data(), .destination = target.data(), .length = 100},
      {.source = source.data() + 500, .destination = nullptr, .length = 5000, .checked = true},
      {.source = source.data() + 100, .destination = target.data() + 100, .length = 100, .checked = true},
  };
  zc::gather(rows, 3);
  CHECK(std::memcmp(target.data(), source.data(), 200) == 0);
  CHECK_EQUAL(rows[0].crc32c, 0u);
  CHECK_EQUAL(rows[1].crc32c, zc::crc32c(source.data() + 500, 5000));
  CHECK_EQUAL(rows[2].crc32c, zc::crc32c(source.data() + 100, 100));
}
