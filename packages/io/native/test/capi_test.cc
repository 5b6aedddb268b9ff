#include "../capi/zc_core.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "../core/buffer_pool.h"
#include "../core/crc32c.h"
#include "harness.h"
#include "temp_file.h"

using zc::test::noise;
using zc::test::TempFile;

namespace {

std::string_view name_of(int32_t code) { return zc_error_name(code); }

}  // namespace

TEST("C ABI: a map gives address, size and residency, and gathers rows") {
  const auto content = noise(100000);
  const TempFile file(content);
  zc_map* map = nullptr;
  zc_error error = {};
  CHECK_EQUAL(zc_map_open(file.path().c_str(), &map, &error), 0);
  CHECK_EQUAL(zc_map_size(map), 100000u);
  CHECK_EQUAL(zc_map_populate(map, 0, 100000, &error), 0);
  uint64_t resident = 0;
  CHECK_EQUAL(zc_map_resident(map, 0, 100000, &resident, &error), 0);
  CHECK_EQUAL(resident, 100000u);
  CHECK(std::memcmp(zc_map_address(map), content.data(), content.size()) == 0);

  const uint64_t offsets[] = {99000, 0, 512};
  std::vector<std::byte> rows(3000);
  CHECK_EQUAL(zc_gather(map, offsets, 3, 1000, rows.data(), &error), 0);
  for (size_t i = 0; i < 3; i++) CHECK(std::memcmp(rows.data() + i * 1000, content.data() + offsets[i], 1000) == 0);
  zc_map_close(map);
}

TEST("C ABI: gather refuses rows outside the file, and copies nothing") {
  const TempFile file(noise(10000));
  zc_map* map = nullptr;
  CHECK_EQUAL(zc_map_open(file.path().c_str(), &map, nullptr), 0);
  std::vector<std::byte> rows(2000);
  for (const uint64_t bad : {uint64_t{9001}, UINT64_MAX}) {
    const uint64_t offsets[] = {0, bad};
    zc_error error = {};
    const int32_t code = zc_gather(map, offsets, 2, 1000, rows.data(), &error);
    CHECK_EQUAL(name_of(code), "ZC_ARGUMENT");
    CHECK_EQUAL(error.code, code);
    CHECK_EQUAL(error.offset, bad);
    CHECK(rows == std::vector<std::byte>(2000));
  }
  zc_map_close(map);
}

TEST("C ABI: rows of no bytes are gathered from anywhere to nowhere, an empty file's too") {
  for (const size_t length : {0, 100}) {
    const TempFile file(noise(length));
    zc_map* map = nullptr;
    CHECK_EQUAL(zc_map_open(file.path().c_str(), &map, nullptr), 0);
    const uint64_t offsets[] = {0, length};
    const uint32_t checksums[] = {0, 0};
    const zc_map* maps[] = {map, map};
    CHECK_EQUAL(zc_gather(map, offsets, 2, 0, nullptr, nullptr), 0);
    zc_ranges ranges = {};
    ranges.maps = maps;
    ranges.offsets = offsets;
    ranges.count = 2;
    ranges.checksums = checksums;
    CHECK_EQUAL(zc_gather_ranges(&ranges, nullptr, nullptr), 0);
    zc_map_close(map);
  }
}

namespace {

// 600 ranges of differing length by turns from two files, and where they go, without gaps.
struct TwoFiles {
  std::vector<std::byte> content[2] = {noise(60000, 1), noise(60000, 2)};
  TempFile files[2] = {TempFile(content[0]), TempFile(content[1])};
  zc_map* open[2] = {nullptr, nullptr};
  std::vector<const zc_map*> maps;
  std::vector<uint64_t> offsets, lengths, places;
  std::vector<uint32_t> checksums;
  std::vector<std::byte> expected;

  TwoFiles() {
    for (int i = 0; i < 2; i++) CHECK_EQUAL(zc_map_open(files[i].path().c_str(), &open[i], nullptr), 0);
    for (uint64_t i = 0; i < 600; i++) {
      const auto& bytes = content[i % 2];
      maps.push_back(open[i % 2]);
      offsets.push_back(i * 7 % 600 * 99);
      lengths.push_back(i % 5 == 0 ? 0 : i % 90);
      places.push_back(expected.size());
      const std::byte* from = bytes.data() + offsets.back();
      checksums.push_back(zc::crc32c(from, lengths.back()));
      expected.insert(expected.end(), from, from + lengths.back());
    }
  }
  ~TwoFiles() {
    for (zc_map* map : open) zc_map_close(map);
  }
  zc_ranges ranges(std::vector<std::byte>& to) const {
    return {.maps = maps.data(), .offsets = offsets.data(), .lengths = lengths.data(), .length = 0, .count = 600,
            .destination = to.data(), .destination_bytes = to.size(), .places = places.data(),
            .checksums = checksums.data(), .checked = nullptr};
  }
};

}  // namespace

TEST("C ABI: ranges of several maps come to their places") {
  const TwoFiles two;
  std::vector<std::byte> to(two.expected.size());
  zc_ranges ranges = two.ranges(to);
  CHECK_EQUAL(zc_gather_ranges(&ranges, nullptr, nullptr), 0);
  CHECK(to == two.expected);
  ranges.destination = nullptr;
  CHECK_EQUAL(zc_gather_ranges(&ranges, nullptr, nullptr), 0);
}

TEST("C ABI: the first range whose checksum differs is named, unless it is not to be compared") {
  TwoFiles two;
  two.checksums[301] ^= 1;
  two.checksums[503] ^= 1;
  std::vector<std::byte> to(two.expected.size());
  std::vector<uint8_t> checked(600, 1);
  for (const uint64_t bad : {301, 503}) {
    zc_ranges ranges = two.ranges(to);
    ranges.checked = checked.data();
    for (void* destination : {static_cast<void*>(to.data()), static_cast<void*>(nullptr)}) {
      ranges.destination = destination;
      uint64_t found = 0;
      zc_error error = {};
      CHECK_EQUAL(name_of(zc_gather_ranges(&ranges, &found, &error)), "ZC_IO_CHECKSUM");
      CHECK_EQUAL(found, bad);
      CHECK_EQUAL(error.offset, two.offsets[bad]);
      CHECK(std::string_view(error.message).find(two.files[1].path()) != std::string_view::npos);
    }
    checked[bad] = 0;
  }
  zc_ranges ranges = two.ranges(to);
  ranges.checked = checked.data();
  CHECK_EQUAL(zc_gather_ranges(&ranges, nullptr, nullptr), 0);
}

TEST("C ABI: ranges outside their map or the destination are refused, and nothing is copied") {
  for (const int which : {0, 1}) {
    TwoFiles two;
    std::vector<std::byte> to(two.expected.size());
    if (which == 0) two.offsets[599] = UINT64_MAX;
    if (which == 1) two.places[599] = to.size();
    const zc_ranges ranges = two.ranges(to);
    CHECK_EQUAL(name_of(zc_gather_ranges(&ranges, nullptr, nullptr)), "ZC_ARGUMENT");
    CHECK(to == std::vector<std::byte>(to.size()));
  }
}

TEST("C ABI: of two files the one that was cut short is the poisoned one") {
  TwoFiles two;
  two.files[1].truncate(0);
  std::vector<std::byte> to(two.expected.size());
  const zc_ranges ranges = two.ranges(to);
  uint64_t bad = 0;
  CHECK_EQUAL(name_of(zc_gather_ranges(&ranges, &bad, nullptr)), "ZC_IO_POISONED");
  CHECK_EQUAL(bad % 2, 1u);
  CHECK_EQUAL(zc_map_poisoned(two.open[0]), 0);
}

TEST("C ABI: a file cut short is the poisoned error") {
  const TempFile file(noise(50000));
  zc_map* map = nullptr;
  CHECK_EQUAL(zc_map_open(file.path().c_str(), &map, nullptr), 0);
  file.truncate(1000);
  const uint64_t offset = 40000;
  std::byte row[100];
  CHECK_EQUAL(name_of(zc_gather(map, &offset, 1, 100, row, nullptr)), "ZC_IO_POISONED");
  CHECK_EQUAL(zc_map_poisoned(map), 1);
  zc_error error = {};
  CHECK_EQUAL(name_of(zc_map_check(map, &error)), "ZC_IO_POISONED");
  CHECK(std::string_view(error.message).find(file.path()) != std::string_view::npos);
  zc_map_close(map);
}

TEST("C ABI: opening what is not there fills the error") {
  zc_map* map = nullptr;
  zc_error error = {};
  CHECK_EQUAL(name_of(zc_map_open("/nowhere/at/all", &map, &error)), "ZC_IO_OPEN");
  CHECK_EQUAL(error.sys_errno, ENOENT);
  CHECK_EQUAL(error.offset, UINT64_MAX);
  CHECK(std::string_view(error.message).find("ENOENT") != std::string_view::npos);
}

TEST("C ABI: a segment maps, and a lease ends by its control word") {
  const auto pool = zc::BufferPool::create({.slot_bytes = 4096, .slots = 2}).value();
  const auto segment = pool->segments()[0];
  const zc::Slot slot = pool->acquire().value();
  std::memset(slot.data, 0x42, slot.length);
  void* address = nullptr;
  CHECK_EQUAL(zc_memfd_map(segment.fd, segment.size_bytes, &address, nullptr), 0);
  CHECK(static_cast<std::byte*>(address)[slot.offset] == std::byte{0x42});
  zc_slot_release(static_cast<std::byte*>(address) + slot.index * 8, slot.generation);
  CHECK_EQUAL(pool->released_generation(0, slot.index), slot.generation);
  CHECK_EQUAL(zc_memfd_unmap(address, segment.size_bytes, nullptr), 0);
}

TEST("C ABI: a segment that is too short or could shrink is refused") {
  const auto pool = zc::BufferPool::create({.slot_bytes = 4096, .slots = 1}).value();
  void* address = nullptr;
  CHECK_EQUAL(name_of(zc_memfd_map(pool->segments()[0].fd, 1 << 20, &address, nullptr)), "ZC_IO_MAP");
  const zc::UniqueFd unsealed(::memfd_create("unsealed", MFD_CLOEXEC));
  CHECK_EQUAL(::ftruncate(unsealed.get(), 8192), 0);
  CHECK_EQUAL(name_of(zc_memfd_map(unsealed.get(), 8192, &address, nullptr)), "ZC_IO_MAP");
}
