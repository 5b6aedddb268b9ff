// The element types that kernels know, and how one element becomes a number.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace zc {

// The numbers are those of slot programs: packages/io/src/slot-program.ts has the same.
enum class ElementType : uint8_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  u64 = 6,
  i64 = 7,
  f16 = 8,
  bf16 = 9,
  f32 = 10,
  f64 = 11,
};
inline constexpr uint32_t element_types = 12;

constexpr size_t bytes_of(ElementType type) noexcept {
  switch (type) {
    case ElementType::u8:
    case ElementType::i8:
      return 1;
    case ElementType::u16:
    case ElementType::i16:
    case ElementType::f16:
    case ElementType::bf16:
      return 2;
    case ElementType::u32:
    case ElementType::i32:
    case ElementType::f32:
      return 4;
    default:
      return 8;
  }
}

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

// The exponent is moved by multiplying, which makes subnormals come out right; infinities and NaNs, whose exponent
// is full, are told apart before.
inline float to_float(Float16 value) noexcept {
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000) << 16;
  const uint32_t rest = static_cast<uint32_t>(value.bits & 0x7fff) << 13;
  const float scaled = std::bit_cast<float>(rest) * 0x1p112f;
  const uint32_t finite = std::bit_cast<uint32_t>(scaled);
  const uint32_t full = rest | 0x7f800000;
  return std::bit_cast<float>(sign | (rest >= 0x0f800000 ? full : finite));
}
inline float to_float(BFloat16 value) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}
template <typename Number>
float to_float(Number value) noexcept {
  return static_cast<float>(value);
}

}  // namespace zc
