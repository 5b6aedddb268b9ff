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
    CHECK_EQUAL(zc_gather(map, offsets, 2, 0, nullptr, nullptr), 0);
    CHECK_EQUAL(zc_gather_check(map, offsets, 2, 0, nullptr, checksums, nullptr, nullptr), 0);
    zc_map_close(map);
  }
}

TEST("C ABI: gather_check names the first row whose checksum differs") {
  const auto content = noise(600 * 100);
  const TempFile file(content);
  zc_map* map = nullptr;
  CHECK_EQUAL(zc_map_open(file.path().c_str(), &map, nullptr), 0);
  std::vector<uint64_t> offsets;
  std::vector<uint32_t> checksums;
  for (uint64_t i = 0; i < 600; i++) {
    offsets.push_back((i * 7 % 600) * 100);
    checksums.push_back(zc::crc32c(content.data() + offsets.back(), 100));
  }
  std::vector<std::byte> rows(600 * 100);
  uint64_t bad_row = 0;
  zc_error error = {};
  CHECK_EQUAL(zc_gather_check(map, offsets.data(), 600, 100, rows.data(), checksums.data(), &bad_row, &error), 0);
  checksums[300] ^= 1;
  checksums[500] ^= 1;
  const int32_t code = zc_gather_check(map, offsets.data(), 600, 100, rows.data(), checksums.data(), &bad_row, &error);
  CHECK_EQUAL(name_of(code), "ZC_IO_CHECKSUM");
  CHECK_EQUAL(bad_row, 300u);
  CHECK_EQUAL(error.offset, offsets[300]);
  zc_map_close(map);
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
