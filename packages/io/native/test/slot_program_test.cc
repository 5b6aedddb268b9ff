#include "../core/kernels/slot_program.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "../core/kernels/run_slot_program.h"
#include "../core/kernels/shared_work.h"
#include "../core/kernels/widen_u8.h"
#include "harness.h"
#include "temp_file.h"

namespace {

constexpr size_t slot_bytes = 1 << 20;

struct Rows {
  double offset, row_bytes, type, order, height, width;
};

std::vector<double> affine(size_t rows, const Rows& source, const Rows& target, const std::vector<double>& channels,
                           const std::vector<double>& places) {
  std::vector<double> program = {1, static_cast<double>(rows)};
  for (const Rows& side : {source, target}) {
    program.insert(program.end(),
                   {side.offset, side.row_bytes, side.type, side.order, side.height, side.width});
  }
  program.push_back(static_cast<double>(channels.size() / 3));
  program.insert(program.end(), channels.begin(), channels.end());
  program.insert(program.end(), places.begin(), places.end());
  return program;
}

zc::Result<void> run(const std::vector<double>& program, std::vector<std::byte>& slot, zc::ThreadPool* pool = nullptr) {
  auto steps = zc::parse_slot_program(program.data(), program.size(), slot.size());
  if (!steps) return std::move(steps).error();
  return zc::run_slot_program(steps.value(), slot.data(), pool);
}

bool refused(const std::vector<double>& program, size_t slot_length = slot_bytes) {
  auto steps = zc::parse_slot_program(program.data(), program.size(), slot_length);
  return !steps.ok() && steps.error().code == zc::ErrorCode::argument;
}

// The place of an element within its row.
size_t at(const Rows& rows, size_t channels, size_t y, size_t x, size_t channel) {
  const auto height = static_cast<size_t>(rows.height);
  const auto width = static_cast<size_t>(rows.width);
  return rows.order == 0 ? (y * width + x) * channels + channel : (channel * height + y) * width + x;
}

// Small images at 4096, results at 512 KiB, with and without helping threads.
const Rows source_u8 = {4096, 8 * 10 * 3, 0, 0, 8, 10};
const std::vector<double> three_channels = {0.5, 1, -1, 0.25, 2, -2, 2, -3, 7};

}  // namespace

TEST("an affine step is the pixel by pixel definition, for every layout, shift and mirroring") {
  zc::ThreadPool pool("test", 3);
  std::mt19937 random(7);
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
  for (int round = 0; round < 400; round++) {
    const size_t channels = 1 + static_cast<size_t>(below(5));
    const size_t rows = 1 + static_cast<size_t>(below(4));
    const bool source_first = below(3) == 0;
    const bool target_first = source_first || below(2) == 0;
    const bool casts = below(2) == 0;
    Rows source{4096, 0, 0, source_first ? 1.0 : 0.0, 1.0 + below(9), 1.0 + below(40)};
    Rows target{524288, 0, casts ? 10.0 : 0.0, target_first ? 1.0 : 0.0, 1.0 + below(9), 1.0 + below(40)};
    const size_t element = casts ? 4 : 1;
    source.row_bytes = source.height * source.width * static_cast<double>(channels) + 3;
    target.row_bytes = target.height * target.width * static_cast<double>(channels * element) + 8;
    std::vector<double> factors;
    for (size_t channel = 0; channel < channels; channel++) {
      factors.insert(factors.end(), {0.5 * below(9), 1.0 * below(9), 1.0 * below(200)});
    }
    std::vector<double> places;
    for (size_t row = 0; row < rows; row++) {
      places.insert(places.end(), {below(16) - 8.0, below(60) - 30.0, 1.0 * below(2)});
    }
    auto slot = zc::test::noise(slot_bytes, 1 + static_cast<uint64_t>(round));
    const auto before = slot;
    REQUIRE_OK(run(affine(rows, source, target, factors, places), slot, &pool));
    for (size_t row = 0; row < rows; row++) {
      const auto* in = before.data() + 4096 + row * static_cast<size_t>(source.row_bytes);
      const auto* out = slot.data() + 524288 + row * static_cast<size_t>(target.row_bytes);
      for (size_t y = 0; y < target.height; y++) {
        for (size_t x = 0; x < target.width; x++) {
          const double from_y = places[row * 3] + static_cast<double>(y);
          const double shown = places[row * 3 + 2] == 1 ? target.width - 1 - static_cast<double>(x)
                                                         : static_cast<double>(x);
          const double from_x = places[row * 3 + 1] + shown;
          const bool inside = from_y >= 0 && from_y < source.height && from_x >= 0 && from_x < source.width;
          for (size_t channel = 0; channel < channels; channel++) {
            const float scale = static_cast<float>(factors[channel * 3]);
            const float bias = static_cast<float>(factors[channel * 3 + 1]);
            float value = static_cast<float>(factors[channel * 3 + 2]);
            if (inside) {
              const auto found = static_cast<uint8_t>(
                  in[at(source, channels, static_cast<size_t>(from_y), static_cast<size_t>(from_x), channel)]);
              value = casts ? static_cast<float>(found) * scale + bias : static_cast<float>(found);
            }
            const size_t place = at(target, channels, y, x, channel);
            float made = 0;
            if (casts) {
              std::memcpy(&made, out + place * 4, 4);
            } else {
              made = static_cast<float>(static_cast<uint8_t>(out[place]));
            }
            CHECK_EQUAL(made, value);
          }
        }
      }
    }
    // Nothing else was touched.
    CHECK(std::memcmp(slot.data(), before.data(), 524288) == 0);
    const size_t end = 524288 + rows * static_cast<size_t>(target.row_bytes);
    CHECK(std::memcmp(slot.data() + end, before.data() + end, slot_bytes - end) == 0);
  }
}

TEST("every element type becomes the float32 that its value is") {
  const auto check = [](double type, auto value, float expected) {
    std::vector<std::byte> slot(8192);
    std::memcpy(slot.data(), &value, sizeof(value));
    const Rows source{0, sizeof(value), type, 0, 1, 1};
    const Rows target{4096, 4, 10, 0, 1, 1};
    REQUIRE_OK(run(affine(1, source, target, {1, 0, 0}, {0, 0, 0}), slot));
    float made = 0;
    std::memcpy(&made, slot.data() + 4096, 4);
    CHECK(made == expected || (std::isnan(made) && std::isnan(expected)));
    CHECK_EQUAL(std::signbit(made), std::signbit(expected));
  };
  check(0, uint8_t{200}, 200);
  check(1, int8_t{-100}, -100);
  check(2, uint16_t{65535}, 65535);
  check(3, int16_t{-32768}, -32768);
  check(4, uint32_t{4000000000}, 4000000000.0f);
  check(5, int32_t{-5}, -5);
  check(6, uint64_t{1} << 63, 0x1p63f);
  check(7, int64_t{-7}, -7);
  check(8, uint16_t{0x3c00}, 1);
  check(8, uint16_t{0xc500}, -5);
  check(8, uint16_t{0x0001}, 0x1p-24f);
  check(8, uint16_t{0x83ff}, -0x1.ff8p-15f);
  check(8, uint16_t{0x7bff}, 65504);
  check(8, uint16_t{0xfc00}, -std::numeric_limits<float>::infinity());
  check(8, uint16_t{0x7e00}, std::numeric_limits<float>::quiet_NaN());
  check(9, uint16_t{0xbf80}, -1);
  check(10, -0.0f, -0.0f);
  check(11, 0.5, 0.5f);
}

TEST("a fill step sets whole elements within the ranges and nothing else") {
  std::vector<std::byte> slot(4096 + 3 * 24, std::byte{9});
  const std::vector<double> program = {2, 3, 4096, 24, 4, 0xdeadbeef, 0, 0, 24, 8, 8, 20, 24};
  REQUIRE_OK(run(program, slot));
  const auto word = [&](size_t row, size_t index) {
    uint32_t value = 0;
    std::memcpy(&value, slot.data() + 4096 + row * 24 + index * 4, 4);
    return value;
  };
  for (size_t index = 0; index < 6; index++) {
    CHECK_EQUAL(word(0, index), 0xdeadbeefu);
    CHECK_EQUAL(word(1, index), 0x09090909u);
    CHECK_EQUAL(word(2, index), index == 5 ? 0xdeadbeefu : 0x09090909u);
  }
}

TEST("a bool step names the first byte that is neither 0 nor 1") {
  std::vector<std::byte> slot(300000, std::byte{1});
  REQUIRE_OK(run({3, 100, 299900}, slot));
  slot[99] = std::byte{2};
  REQUIRE_OK(run({3, 100, 299900}, slot));
  slot[200001] = std::byte{255};
  slot[250000] = std::byte{3};
  zc::ThreadPool pool("test", 2);
  const auto result = run({3, 100, 299900}, slot, &pool);
  CHECK(!result.ok());
  CHECK_EQUAL(result.error().offset, 200001);
  CHECK_EQUAL(result.error().actual, 255);
}

TEST("a program that does not fit is refused, whichever of its numbers is wrong") {
  const Rows target = {524288, 8 * 10 * 3 * 4, 10, 1, 8, 10};
  const auto good = affine(2, source_u8, target, three_channels, {0, 0, 0, 1, 1, 1});
  CHECK(!refused(good));
  CHECK(refused(good, 524288 + 2 * 960 - 1));
  const double huge = std::pow(2.0, 53);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < 15; i++) {
    for (const double wrong : {-1.0, 0.5, nan, infinite, -infinite, huge, huge - 1, 1e300}) {
      auto program = good;
      program[i] = wrong;
      CHECK(refused(program));
    }
  }
  for (size_t length = 1; length < good.size(); length++) {
    CHECK(refused(std::vector<double>(good.begin(), good.begin() + static_cast<ptrdiff_t>(length))));
  }
  // Each alone is in range; together they wrap around, overlap or lie askew.
  const auto with = [&](Rows source, Rows result) {
    return refused(affine(2, source, result, three_channels, {0, 0, 0, 0, 0, 0}));
  };
  CHECK(!with(source_u8, target));
  CHECK(with({4096, 240, 0, 0, 4294967295.0, 4294967295.0}, target));
  CHECK(with({4096, 239, 0, 0, 8, 10}, target));
  CHECK(with({524288 + 900, 240, 0, 0, 8, 10}, target));
  CHECK(with(source_u8, {524289, 960, 10, 1, 8, 10}));
  CHECK(with(source_u8, {524288, 962, 10, 1, 8, 10}));
  CHECK(with(source_u8, {524288, 960, 11, 1, 8, 10}));
  CHECK(with({4096, 240, 0, 1, 8, 10}, {524288, 960, 10, 0, 8, 10}));
  CHECK(refused(affine(1, source_u8, target, {1e39, 0, 0}, {0, 0, 0})));
  CHECK(refused(affine(1, source_u8, {524288, 240, 0, 0, 8, 10}, {1, 0, 0.5}, {0, 0, 0})));

  CHECK(refused({0}));
  CHECK(refused({4}));
  CHECK(refused({nan}));
  const std::vector<double> fill = {2, 1, 4096, 24, 4, 0, 0, 0, 24};
  CHECK(!refused(fill));
  for (size_t i = 0; i < fill.size(); i++) {
    for (const double wrong : {-1.0, 0.5, nan, infinite, huge}) {
      auto program = fill;
      program[i] = wrong;
      CHECK(refused(program));
    }
  }
  CHECK(refused({2, 1, 4096, 24, 3, 0, 0, 0, 24}));
  CHECK(refused({2, 1, 4096, 24, 0, 0, 0, 0, 24}));
  CHECK(refused({2, 1, 4096, 24, 4, 0, 0, 2, 24}));
  CHECK(refused({2, 1, 4096, 24, 4, 0, 0, 12, 8}));
  CHECK(refused({2, 1, 4098, 24, 4, 0, 0, 0, 24}));
  CHECK(refused({2, 2, slot_bytes - 24, 24, 4, 0, 0, 0, 24, 0, 24}));
  CHECK(refused({3, slot_bytes, 1}));
  CHECK(refused({3, 0, slot_bytes + 1}));
}

TEST("a program of random numbers is refused or does nothing outside the slot") {
  std::mt19937_64 random(11);
  const double shapes[] = {0, 1, 2, 3, 4, 8, 10, 16, 64, 100, 4096, 65536, 1048576, 4294967296.0};
  std::vector<std::byte> slot(slot_bytes);
  size_t accepted = 0;
  for (int round = 0; round < 20000; round++) {
    std::vector<double> program(1 + random() % 24);
    for (double& number : program) number = shapes[random() % std::size(shapes)];
    program[0] = static_cast<double>(1 + random() % 3);
    if (run(program, slot).ok()) accepted++;
  }
  CHECK(accepted > 0);
}

TEST("shared work is done once each, with many callers and one pool") {
  zc::ThreadPool pool("test", 3);
  std::vector<std::thread> callers;
  std::atomic<uint64_t> sum{0};
  for (int caller = 0; caller < 4; caller++) {
    callers.emplace_back([&] {
      for (size_t units = 0; units < 60; units++) {
        const auto result = zc::share_work(&pool, units, [&](size_t unit) -> zc::Result<void> {
          sum += unit + 1;
          if (unit == 40) return zc::Error{.code = zc::ErrorCode::argument, .offset = 40};
          if (unit == 50) return zc::Error{.code = zc::ErrorCode::argument, .offset = 50};
          return {};
        });
        if (result.ok() != (units <= 40) || (!result.ok() && result.error().offset != 40)) sum += 1000000;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  uint64_t expected = 0;
  for (uint64_t units = 0; units < 60; units++) expected += 4 * units * (units + 1) / 2;
  CHECK_EQUAL(sum.load(), expected);
}

TEST("bytes are widened and pixels taken apart at every length and place, as by hand") {
  const auto noise = zc::test::noise(1000);
  const auto* bytes = reinterpret_cast<const uint8_t*>(noise.data());
  const float scales[] = {0.5f, 0.1f, 3, 4, 5, 6, 7, 8};
  const float biases[] = {1, -0.3f, 3, 4, 5, 6, 7, 8};
  for (size_t count = 0; count < 100; count++) {
    for (size_t period = 1; period <= zc::widen_period_max; period++) {
      std::vector<float> wide(count + 1, -1);
      zc::widen_u8_periodic(bytes + count, wide.data(), count, scales, biases, period);
      for (size_t i = 0; i < count; i++) {
        const float product = static_cast<float>(bytes[count + i]) * scales[i % period];
        CHECK_EQUAL(wide[i], product + biases[i % period]);
      }
      CHECK_EQUAL(wide[count], -1.0f);
    }
    for (const ptrdiff_t step : {ptrdiff_t{1}, ptrdiff_t{-1}}) {
      std::vector<uint8_t> planes[3];
      for (auto& plane : planes) plane.assign(count + 1, 77);
      uint8_t* const targets[3] = {planes[0].data(), planes[1].data(), planes[2].data()};
      const uint8_t* first = step == 1 ? bytes + 5 : bytes + 5 + (count == 0 ? 0 : count - 1) * 3;
      zc::split_u8x3(first, step, count, targets);
      for (size_t channel = 0; channel < 3; channel++) {
        for (size_t i = 0; i < count; i++) {
          CHECK_EQUAL(planes[channel][i], first[static_cast<ptrdiff_t>(i) * step * 3 + static_cast<ptrdiff_t>(channel)]);
        }
        CHECK_EQUAL(planes[channel][count], 77);
      }
    }
  }
}
