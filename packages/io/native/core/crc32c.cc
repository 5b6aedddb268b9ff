#include "crc32c.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define ZC_CRC_HARDWARE 1
#define ZC_CRC_TARGET __attribute__((target("sse4.2")))
#define ZC_CRC_WIDE 1
#define ZC_CRC_WIDE_TARGET __attribute__((target("sse4.2,avx512f,vpclmulqdq")))
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#define ZC_CRC_HARDWARE 1
#define ZC_CRC_TARGET __attribute__((target("+crc")))
#endif

namespace zc {
namespace {

// All functions below work on the raw register; only the public ones invert it before and after.

constexpr uint32_t polynomial = 0x82f63b78;

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b]: what byte b does to the register when k more bytes follow it in the same word.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t state = byte;
    for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ ((state & 1) ? polynomial : 0);
    tables[0][byte] = state;
  }
  for (size_t k = 1; k < 8; k++) {
    for (size_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

uint64_t load64(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint32_t update_table(uint32_t state, const uint8_t* bytes, size_t length) {
  for (; length >= 8; bytes += 8, length -= 8) {
    const uint64_t word = load64(bytes) ^ state;
    state = 0;
    for (size_t k = 0; k < 8; k++) state ^= tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; length > 0; bytes++, length--) state = (state >> 8) ^ tables[0][(state ^ *bytes) & 0xff];
  return state;
}

#ifdef ZC_CRC_HARDWARE

// The processor's instruction takes three cycles and one can start in each: three lanes keep it busy. Long lanes
// cost few joins, short ones use up what remains.
constexpr size_t long_lane = 1360;  // three of them are nearly 4 KiB, so that a page is one round
constexpr size_t short_lane = 128;

// The register after `Length` zero bytes, as four table look-ups: the step is linear in the register's bits.
// It is how the registers of independent lanes are joined.
class ZeroBytes {
 public:
  explicit ZeroBytes(size_t length) {
    std::array<uint32_t, 32> columns;
    for (size_t bit = 0; bit < 32; bit++) {
      uint32_t state = uint32_t{1} << bit;
      for (size_t i = 0; i < length; i++) state = (state >> 8) ^ tables[0][state & 0xff];
      columns[bit] = state;
    }
    for (size_t part = 0; part < 4; part++) {
      for (size_t byte = 0; byte < 256; byte++) {
        uint32_t sum = 0;
        for (size_t bit = 0; bit < 8; bit++) {
          if (byte >> bit & 1) sum ^= columns[part * 8 + bit];
        }
        parts_[part][byte] = sum;
      }
    }
  }

  uint32_t append(uint32_t state) const {
    return parts_[0][state & 0xff] ^ parts_[1][state >> 8 & 0xff] ^ parts_[2][state >> 16 & 0xff] ^
           parts_[3][state >> 24];
  }

 private:
  std::array<std::array<uint32_t, 256>, 4> parts_;
};

#if defined(__x86_64__)
ZC_CRC_TARGET inline uint64_t step64(uint64_t state, uint64_t word) { return _mm_crc32_u64(state, word); }
ZC_CRC_TARGET inline uint32_t step8(uint32_t state, uint8_t byte) { return _mm_crc32_u8(state, byte); }
bool hardware_present() { return __builtin_cpu_supports("sse4.2"); }
constexpr const char* hardware_name = "sse4.2";
#else
ZC_CRC_TARGET inline uint64_t step64(uint64_t state, uint64_t word) {
  return __crc32cd(static_cast<uint32_t>(state), word);
}
ZC_CRC_TARGET inline uint32_t step8(uint32_t state, uint8_t byte) { return __crc32cb(state, byte); }
bool hardware_present() { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
constexpr const char* hardware_name = "armv8";
#endif

template <size_t Lane>
ZC_CRC_TARGET uint32_t three_lanes(uint32_t state, const uint8_t* bytes, const ZeroBytes& lane_of_zeros) {
  uint64_t first = state, second = 0, third = 0;
  for (size_t at = 0; at < Lane; at += 8) {
    first = step64(first, load64(bytes + at));
    second = step64(second, load64(bytes + Lane + at));
    third = step64(third, load64(bytes + 2 * Lane + at));
  }
  const uint32_t two = lane_of_zeros.append(static_cast<uint32_t>(first)) ^ static_cast<uint32_t>(second);
  return lane_of_zeros.append(two) ^ static_cast<uint32_t>(third);
}

ZC_CRC_TARGET uint32_t update_hardware(uint32_t state, const uint8_t* bytes, size_t length) {
  static const ZeroBytes long_zeros(long_lane);
  static const ZeroBytes short_zeros(short_lane);
  for (; length >= 3 * long_lane; bytes += 3 * long_lane, length -= 3 * long_lane) {
    state = three_lanes<long_lane>(state, bytes, long_zeros);
  }
  for (; length >= 3 * short_lane; bytes += 3 * short_lane, length -= 3 * short_lane) {
    state = three_lanes<short_lane>(state, bytes, short_zeros);
  }
  uint64_t wide = state;
  for (; length >= 8; bytes += 8, length -= 8) wide = step64(wide, load64(bytes));
  state = static_cast<uint32_t>(wide);
  for (; length > 0; bytes++, length--) state = step8(state, *bytes);
  return state;
}

#endif

#ifdef ZC_CRC_WIDE

// Carry-less multiplication takes 64 bytes at a time. A register of 512 bits holds four polynomials of 128 bits; to
// fold one over the n bits behind it is to multiply it by x^n modulo the CRC's polynomial, each half for itself
// (Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction, Intel 2009).

// x^n modulo the polynomial, its bits in the order of the register, as the multiplication wants it: one place up.
constexpr uint64_t x_to_the(size_t n) {
  uint32_t power = 0x80000000;
  for (size_t i = 0; i < n; i++) power = (power >> 1) ^ ((power & 1) ? polynomial : 0);
  return uint64_t{power} << 1;
}

constexpr size_t wide_bytes = 64;
constexpr size_t wide_round = 4 * wide_bytes;

// Folds each of the four polynomials of `over` by `Bits` into what is there.
template <size_t Bits>
ZC_CRC_WIDE_TARGET inline __m512i fold(__m512i over, __m512i there) {
  constexpr auto low = static_cast<long long>(x_to_the(Bits + 32));
  constexpr auto high = static_cast<long long>(x_to_the(Bits - 32));
  const __m512i powers = _mm512_set_epi64(high, low, high, low, high, low, high, low);
  // The exclusive or of all three.
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(over, powers, 0x00),
                                   _mm512_clmulepi64_epi128(over, powers, 0x11), there, 0x96);
}

// The register after the four polynomials: each is folded to the place of the last one, and that is 16 bytes.
ZC_CRC_WIDE_TARGET inline uint32_t register_of(__m512i four) {
  constexpr std::array<uint64_t, 8> by{x_to_the(384 + 32), x_to_the(384 - 32), x_to_the(256 + 32), x_to_the(256 - 32),
                                       x_to_the(128 + 32), x_to_the(128 - 32)};  // and the last one stays
  const __m512i powers = _mm512_loadu_si512(by.data());
  const __m512i folded =
      _mm512_xor_si512(_mm512_clmulepi64_epi128(four, powers, 0x00), _mm512_clmulepi64_epi128(four, powers, 0x11));
  alignas(wide_bytes) uint64_t words[8];
  alignas(wide_bytes) uint64_t last[8];
  _mm512_store_si512(words, folded);
  _mm512_store_si512(last, four);
  const uint64_t first = step64(0, words[0] ^ words[2] ^ words[4] ^ last[6]);
  return static_cast<uint32_t>(step64(first, words[1] ^ words[3] ^ words[5] ^ last[7]));
}

ZC_CRC_WIDE_TARGET uint32_t update_wide(uint32_t state, const uint8_t* bytes, size_t length) {
  if (length < wide_round) return update_hardware(state, bytes, length);
  const auto load = [&](size_t at) ZC_CRC_WIDE_TARGET { return _mm512_loadu_si512(bytes + at * wide_bytes); };
  __m512i a = _mm512_xor_si512(load(0), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  __m512i b = load(1), c = load(2), d = load(3);
  bytes += wide_round;
  length -= wide_round;
  for (; length >= wide_round; bytes += wide_round, length -= wide_round) {
    a = fold<8 * wide_round>(a, load(0));
    b = fold<8 * wide_round>(b, load(1));
    c = fold<8 * wide_round>(c, load(2));
    d = fold<8 * wide_round>(d, load(3));
  }
  a = fold<8 * wide_bytes>(fold<8 * wide_bytes>(fold<8 * wide_bytes>(a, b), c), d);
  for (; length >= wide_bytes; bytes += wide_bytes, length -= wide_bytes) a = fold<8 * wide_bytes>(a, load(0));
  return update_hardware(register_of(a), bytes, length);
}

bool wide_present() {
  return hardware_present() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}

#endif

// Nothing of it is destroyed: threads may still compute while the process exits.
struct Implementations {
  std::array<Crc32cImplementation, 3> all{};
  size_t count = 0;

  Implementations() {
#ifdef ZC_CRC_WIDE
    if (wide_present()) all[count++] = {"avx512", update_wide};
#endif
#ifdef ZC_CRC_HARDWARE
    if (hardware_present()) all[count++] = {hardware_name, update_hardware};
#endif
    all[count++] = {"table", update_table};
  }
};

const Implementations implementations;
const auto update = implementations.all[0].update;

}  // namespace

std::span<const Crc32cImplementation> crc32c_implementations() noexcept {
  return {implementations.all.data(), implementations.count};
}

uint32_t crc32c(const void* data, size_t length, uint32_t seed) noexcept {
  return ~update(~seed, static_cast<const uint8_t*>(data), length);
}

uint32_t crc32c_copy(void* destination, const void* source, size_t length, uint32_t seed) noexcept {
  // Block by block, the copy first and the checksum of what it wrote: memory is passed over once, by the fastest
  // copy there is, and the checksum finds its bytes in the first-level cache. (Checksum first, or both in one
  // loop, were measured 30-60 % slower: they keep too few misses in flight.)
  constexpr size_t block = 4096;
  uint32_t state = ~seed;
  auto* from = static_cast<const uint8_t*>(source);
  auto* to = static_cast<uint8_t*>(destination);
  while (length > 0) {
    const size_t part = std::min(length, block);
    std::memcpy(to, from, part);
    state = update(state, to, part);
    from += part;
    to += part;
    length -= part;
  }
  return ~state;
}

}  // namespace zc
