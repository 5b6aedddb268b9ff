#include "widen_u8.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#define ZC_HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define ZC_HAS_AVX2 false
#endif

namespace zc {
namespace {

constexpr size_t lanes = 8;

void widen_rest(const uint8_t* source, float* target, size_t from, size_t count, const float* scales,
                const float* biases, size_t period) {
  size_t phase = from % period;
  for (size_t i = from; i < count; i++) {
    target[i] = static_cast<float>(source[i]) * scales[phase] + biases[phase];
    if (++phase == period) phase = 0;
  }
}

void split_rest(const uint8_t* source, ptrdiff_t step, size_t from, size_t count, uint8_t* const planes[3]) {
  for (size_t i = from; i < count; i++) {
    const uint8_t* pixel = source + static_cast<ptrdiff_t>(i) * step * 3;
    for (size_t channel = 0; channel < 3; channel++) planes[channel][i] = pixel[channel];
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) size_t widen_avx2(const uint8_t* source, float* target, size_t count, float scale,
                                                  float bias) {
  const __m256 scales = _mm256_set1_ps(scale);
  const __m256 biases = _mm256_set1_ps(bias);
  size_t at = 0;
  for (; at + lanes <= count; at += lanes) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(source + at));
    const __m256 numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    _mm256_storeu_ps(target + at, _mm256_add_ps(_mm256_mul_ps(numbers, scales), biases));
  }
  return at;
}

// The factors repeat every `period` vectors of eight, for eight periods are as many elements.
__attribute__((target("avx2"))) size_t widen_avx2(const uint8_t* source, float* target, size_t count,
                                                  const float* scales, const float* biases, size_t period) {
  std::array<float, lanes * widen_period_max> scale{};
  std::array<float, lanes * widen_period_max> bias{};
  for (size_t i = 0; i < lanes * period; i++) {
    scale[i] = scales[i % period];
    bias[i] = biases[i % period];
  }
  size_t at = 0;
  for (; at + lanes * period <= count; at += lanes * period) {
    for (size_t part = 0; part < period; part++) {
      const size_t i = at + part * lanes;
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(source + i));
      const __m256 numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
      const __m256 scaled = _mm256_mul_ps(numbers, _mm256_loadu_ps(scale.data() + part * lanes));
      _mm256_storeu_ps(target + i, _mm256_add_ps(scaled, _mm256_loadu_ps(bias.data() + part * lanes)));
    }
  }
  return at;
}

// Which bytes of three registers of 16 belong to a channel: [channel][register][place]; 0x80 takes none.
using Masks = std::array<std::array<std::array<uint8_t, 16>, 3>, 3>;
constexpr Masks masks_of(bool reversed) {
  Masks masks{};
  for (size_t channel = 0; channel < 3; channel++) {
    for (size_t part = 0; part < 3; part++) {
      for (size_t place = 0; place < 16; place++) {
        const size_t byte = 3 * (reversed ? 15 - place : place) + channel;
        masks[channel][part][place] = byte / 16 == part ? static_cast<uint8_t>(byte % 16) : 0x80;
      }
    }
  }
  return masks;
}
constexpr Masks forward_masks = masks_of(false);
constexpr Masks reversed_masks = masks_of(true);

__attribute__((target("avx2"))) size_t split_avx2(const uint8_t* source, ptrdiff_t step, size_t count,
                                                  uint8_t* const planes[3]) {
  const Masks& masks = step == 1 ? forward_masks : reversed_masks;
  const auto load = [](const uint8_t* bytes) __attribute__((target("avx2"))) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  };
  size_t at = 0;
  for (; at + 16 <= count; at += 16) {
    // The sixteen pixels in the order of memory, whichever way they are gone through.
    const uint8_t* pixels =
        step == 1 ? source + at * 3 : source - static_cast<ptrdiff_t>(at + 15) * 3;
    const __m128i parts[3] = {load(pixels), load(pixels + 16), load(pixels + 32)};
    for (size_t channel = 0; channel < 3; channel++) {
      const auto& mask = masks[channel];
      const __m128i first = _mm_shuffle_epi8(parts[0], load(mask[0].data()));
      const __m128i second = _mm_shuffle_epi8(parts[1], load(mask[1].data()));
      const __m128i third = _mm_shuffle_epi8(parts[2], load(mask[2].data()));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(planes[channel] + at),
                       _mm_or_si128(first, _mm_or_si128(second, third)));
    }
  }
  return at;
}

#endif

}  // namespace

void widen_u8_periodic(const uint8_t* source, float* target, size_t count, const float* scales, const float* biases,
                       size_t period) noexcept {
  size_t done = 0;
#if defined(__x86_64__)
  if (ZC_HAS_AVX2) done = widen_avx2(source, target, count, scales, biases, period);
#endif
  widen_rest(source, target, done, count, scales, biases, period);
}

void widen_u8(const uint8_t* source, float* target, size_t count, float scale, float bias) noexcept {
  size_t done = 0;
#if defined(__x86_64__)
  if (ZC_HAS_AVX2) done = widen_avx2(source, target, count, scale, bias);
#endif
  widen_rest(source, target, done, count, &scale, &bias, 1);
}

void split_u8x3(const uint8_t* source, ptrdiff_t step, size_t count, uint8_t* const planes[3]) noexcept {
  size_t done = 0;
#if defined(__x86_64__)
  if (ZC_HAS_AVX2) done = split_avx2(source, step, count, planes);
#endif
  split_rest(source, step, done, count, planes);
}

}  // namespace zc
