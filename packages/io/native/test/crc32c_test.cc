#include "../core/crc32c.h"

#include <string_view>

#include "harness.h"
#include "temp_file.h"

using zc::crc32c;

TEST("crc32c gives the values of RFC 3720") {
  const std::vector<std::byte> zeros(32);
  const std::vector<std::byte> ones(32, std::byte{0xff});
  std::vector<std::byte> rising(32);
  for (size_t i = 0; i < rising.size(); i++) rising[i] = static_cast<std::byte>(i);
  CHECK_EQUAL(crc32c(zeros.data(), zeros.size()), 0x8a9136aau);
  CHECK_EQUAL(crc32c(ones.data(), ones.size()), 0x62a8ab43u);
  CHECK_EQUAL(crc32c(rising.data(), rising.size()), 0x46dd794eu);
  CHECK_EQUAL(crc32c("123456789", 9), 0xe3069283u);
  CHECK_EQUAL(crc32c("", 0), 0u);
}

TEST("every implementation of crc32c gives what the table gives, for every length and alignment") {
  const auto noise = zc::test::noise(20000);
  const auto* bytes = reinterpret_cast<const uint8_t*>(noise.data());
  const auto table = zc::crc32c_implementations().back();
  CHECK_EQUAL(std::string_view(table.name), std::string_view("table"));
  for (const auto& [name, update] : zc::crc32c_implementations()) {
    for (size_t length = 0; length < 1200; length++) {
      const auto state = static_cast<uint32_t>(length * 0x9e3779b9u);
      const size_t start = length % 13;
      CHECK_EQUAL(update(state, bytes + start, length), table.update(state, bytes + start, length));
    }
    for (const size_t length : {4079u, 4080u, 4081u, 4096u, 8160u, 12288u, 19990u}) {
      CHECK_EQUAL(update(~0u, bytes + 3, length), table.update(~0u, bytes + 3, length));
    }
  }
}

TEST("crc32c continues from a seed") {
  const auto bytes = zc::test::noise(10000);
  const uint32_t whole = crc32c(bytes.data(), bytes.size());
  for (const size_t cut : {0u, 1u, 7u, 4096u, 9999u, 10000u}) {
    CHECK_EQUAL(crc32c(bytes.data() + cut, bytes.size() - cut, crc32c(bytes.data(), cut)), whole);
  }
}

TEST("crc32c_copy copies and gives the same checksum") {
  const auto bytes = zc::test::noise(50000);
  for (const size_t length : {0u, 1u, 100u, 4080u, 4081u, 49990u}) {
    std::vector<std::byte> copy(length + 1, std::byte{0x5a});
    CHECK_EQUAL(zc::crc32c_copy(copy.data(), bytes.data() + 5, length, 77u), crc32c(bytes.data() + 5, length, 77u));
    CHECK(std::equal(copy.begin(), copy.begin() + static_cast<ptrdiff_t>(length), bytes.begin() + 5));
    CHECK(copy[length] == std::byte{0x5a});
  }
}
