// Bytes to float32, many at once: the inner loops of what images need.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zc {

// target[i] = source[i] * scale + bias. The same bits with and without AVX2.
void widen_u8(const uint8_t* source, float* target, size_t count, float scale, float bias) noexcept;

// The same with other factors for each of `period` elements in turn (3 for pixels of three channels, say).
// `period` is at most widen_period_max.
void widen_u8_periodic(const uint8_t* source, float* target, size_t count, const float* scales, const float* biases,
                       size_t period) noexcept;
inline constexpr size_t widen_period_max = 8;

// Takes pixels of three bytes apart: planes[c][i] is byte c of the pixel at `source + i * step` pixels. `step` is 1
// or -1.
void split_u8x3(const uint8_t* source, ptrdiff_t step, size_t count, uint8_t* const planes[3]) noexcept;

}  // namespace zc
