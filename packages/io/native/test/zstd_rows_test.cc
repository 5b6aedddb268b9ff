#include "../core/kernels/zstd_rows.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "../core/kernels/run_slot_program.h"
#include "../core/kernels/slot_program.h"
#include "harness.h"
#include "temp_file.h"

namespace {

constexpr size_t slot_bytes = 1 << 20;
constexpr size_t target_at = 524288;

using Bytes = std::vector<std::byte>;

// Half noise, half repetition.
Bytes content_of(size_t length, uint64_t seed) {
  Bytes content = zc::test::noise(length, seed);
  std::fill(content.begin() + static_cast<ptrdiff_t>(length / 2), content.end(), std::byte{7});
  return content;
}

Bytes frame_of(const Bytes& content, int level = 3) {
  return std::move(zc::compress_zstd(content.data(), content.size(), level)).value();
}

struct Place {
  double source, source_length, target, target_length;
};

std::vector<double> program_of(const std::vector<Place>& rows) {
  std::vector<double> program = {4, static_cast<double>(rows.size())};
  for (const auto& [source, source_length, target, target_length] : rows) {
    program.insert(program.end(), {source, source_length, target, target_length});
  }
  return program;
}

zc::Result<void> run(const std::vector<Place>& rows, Bytes& slot, zc::ThreadPool* pool = nullptr) {
  const auto program = program_of(rows);
  auto steps = zc::parse_slot_program(program.data(), program.size(), slot.size());
  if (!steps) return std::move(steps).error();
  return zc::run_slot_program(steps.value(), slot.data(), pool);
}

// The frame at the very end of its slot, so that a sanitizer sees a byte read behind it.
zc::Result<void> decode_alone(const Bytes& frame, size_t target_length, Bytes* decoded = nullptr) {
  Bytes slot(target_length + frame.size(), std::byte{0xee});
  std::copy(frame.begin(), frame.end(), slot.begin() + static_cast<ptrdiff_t>(target_length));
  auto result = zc::decode_zstd_row({target_length, frame.size(), 0, target_length}, slot.data());
  if (decoded != nullptr) decoded->assign(slot.begin(), slot.begin() + static_cast<ptrdiff_t>(target_length));
  return result;
}

bool refused_untouched(const Bytes& frame, size_t target_length) {
  Bytes decoded;
  const auto result = decode_alone(frame, target_length, &decoded);
  return !result.ok() && result.error().code == zc::ErrorCode::argument &&
         result.error().offset == static_cast<int64_t>(target_length) &&
         std::all_of(decoded.begin(), decoded.end(), [](std::byte byte) { return byte == std::byte{0xee}; });
}

void append(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

TEST("zstd rows of all lengths are decoded to their places by several threads, and nothing else is touched") {
  zc::ThreadPool pool("test", 3);
  std::mt19937 random(3);
  Bytes slot = zc::test::noise(slot_bytes, 1);
  std::vector<Place> places;
  std::vector<Bytes> contents;
  size_t source = 1;
  size_t target = target_at + 3;
  for (size_t length : {0u, 1u, 2u, 255u, 256u, 257u, 4096u, 65535u, 131072u, 131073u, 100000u}) {
    const Bytes content = content_of(length, random());
    const Bytes frame = frame_of(content, 1 + static_cast<int>(random() % 5));
    std::copy(frame.begin(), frame.end(), slot.begin() + static_cast<ptrdiff_t>(source));
    places.push_back({static_cast<double>(source), static_cast<double>(frame.size()), static_cast<double>(target),
                      static_cast<double>(length)});
    contents.push_back(content);
    source += frame.size() + random() % 3;
    target += length + 1 + random() % 7;
    CHECK(source <= target_at);
    CHECK(target <= slot_bytes);
  }
  Bytes expected = slot;
  for (size_t row = 0; row < places.size(); row++) {
    std::copy(contents[row].begin(), contents[row].end(),
              expected.begin() + static_cast<ptrdiff_t>(places[row].target));
  }
  REQUIRE_OK(run(places, slot, &pool));
  CHECK(slot == expected);
}

TEST("a zstd program with rows outside the slot, out of order or over each other is refused") {
  const std::vector<std::vector<Place>> bad = {
      {{slot_bytes, 1, 0, 1}},
      {{0, slot_bytes + 1, 0, 1}},
      {{0, 1, slot_bytes - 1, 2}},
      {{0, 10, 9, 10}},
      {{9, 10, 0, 10}},
      {{0, 10, 100, 10}, {9, 10, 110, 10}},
      {{0, 10, 100, 10}, {10, 10, 109, 10}},
      {{10, 10, 100, 10}, {0, 10, 110, 10}},
      {{0, 10, 100, 10}, {105, 1, 110, 10}},
      {{0.5, 1, 100, 1}},
      {{-1, 1, 100, 1}},
  };
  Bytes slot(slot_bytes);
  for (const auto& rows : bad) {
    const auto program = program_of(rows);
    const auto steps = zc::parse_slot_program(program.data(), program.size(), slot.size());
    CHECK(!steps.ok() && steps.error().code == zc::ErrorCode::argument);
  }
  const std::vector<double> cut = {4, 2, 0, 1, 100, 1};
  CHECK(!zc::parse_slot_program(cut.data(), cut.size(), slot.size()).ok());
  REQUIRE_OK(run({}, slot));
}

TEST("what is not exactly one zstd frame of the row's length is refused before a byte is written") {
  const Bytes content = content_of(1000, 5);
  const Bytes good = frame_of(content);
  Bytes decoded;
  REQUIRE_OK(decode_alone(good, content.size(), &decoded));
  CHECK(decoded == content);

  for (size_t length = 0; length < good.size(); length++) {
    CHECK(refused_untouched(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(length)), content.size()));
  }
  CHECK(refused_untouched(good, content.size() - 1));
  CHECK(refused_untouched(good, content.size() + 1));
  CHECK(refused_untouched(good, 0));
  Bytes twice = good;
  append(twice, good);
  CHECK(refused_untouched(twice, content.size()));
  CHECK(refused_untouched(twice, 2 * content.size()));
  Bytes followed = good;
  append(followed, bytes_of({0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}));
  CHECK(refused_untouched(followed, content.size()));
  CHECK(refused_untouched(bytes_of({0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}), 2));

  // Headers by hand: magic, flags, sizes, and one raw last block of one byte.
  const Bytes block = bytes_of({0x09, 0, 0, 'x'});
  const auto frame = [&block](std::initializer_list<int> header) {
    Bytes bytes = bytes_of({0x28, 0xb5, 0x2f, 0xfd});
    append(bytes, bytes_of(header));
    append(bytes, block);
    return bytes;
  };
  REQUIRE_OK(decode_alone(frame({0x20, 1}), 1));
  CHECK(refused_untouched(frame({0x21, 5, 1}), 1));                    // a dictionary
  CHECK(refused_untouched(frame({0x21, 0, 1}), 1));                    // the dictionary that is none
  CHECK(refused_untouched(frame({0x28, 1}), 1));                       // a reserved bit
  CHECK(refused_untouched(frame({0x00, 0}), 1));                       // no content size
  CHECK(refused_untouched(frame({0x80, 0x50, 1, 0, 0, 0}), 1));        // a window of 1 MiB
  REQUIRE_OK(decode_alone(frame({0x80, 0x00, 1, 0, 0, 0}), 1));        // one of 1 KiB
  CHECK(refused_untouched(frame({0xe0, 1, 0, 0, 0, 0, 0, 0, 1}), 1));  // a size of 2^56
}

TEST("a zstd frame that is not what it claims never writes beyond its row") {
  const Bytes claims_less = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 0x41, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(!decode_alone(claims_less, 1).ok());
  const Bytes claims_more = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x20, 9, 0x41, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(!decode_alone(claims_more, 9).ok());
  // 128 KiB of one byte in four bytes.
  const Bytes bomb = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 0x03, 0, 0x10, 0});
  CHECK(!decode_alone(bomb, 1).ok());

  const Bytes content = content_of(3000, 8);
  const Bytes good = frame_of(content);
  std::mt19937 random(11);
  size_t failed = 0;
  for (int round = 0; round < 20000; round++) {
    Bytes frame = good;
    for (unsigned flips = 1 + random() % 3; flips > 0; flips--) {
      frame[random() % frame.size()] ^= static_cast<std::byte>(1 + random() % 255);
    }
    const auto result = decode_alone(frame, content.size());
    if (result.ok()) continue;
    failed++;
    CHECK(result.error().code == zc::ErrorCode::argument);
  }
  CHECK(failed > 0);
}

TEST("of several bad zstd rows the first one is named, and the others are decoded") {
  zc::ThreadPool pool("test", 3);
  Bytes slot(slot_bytes);
  const Bytes content = content_of(200000, 9);
  const Bytes frame = frame_of(content);
  CHECK(frame.size() * 2 < target_at / 2);
  std::copy(frame.begin(), frame.end(), slot.begin());
  const auto size = static_cast<double>(frame.size());
  const auto result = run({{0, size, target_at, 200000}, {300000, 20, target_at + 200000, 5}, {300020, 20, 730000, 5}},
                          slot, &pool);
  CHECK(!result.ok());
  if (result.ok()) return;
  CHECK_EQUAL(result.error().offset, int64_t{300000});
  CHECK(std::equal(content.begin(), content.end(), slot.begin() + target_at));
}
