#include "affine_rows.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "widen_u8.h"

namespace zc {
namespace {

// What becomes of one element on its way.
template <typename Source>
struct ToFloat {
  using In = Source;
  using Out = float;
  static Out fill(const AffineShape& shape, uint32_t channel) { return static_cast<float>(shape.fill[channel]); }
  static Out apply(In value, float scale, float bias) { return to_float(value) * scale + bias; }
};
template <typename Element>
struct Move {
  using In = Element;
  using Out = Element;
  static Out fill(const AffineShape& shape, uint32_t channel) {
    if constexpr (std::is_floating_point_v<Element>) return static_cast<Element>(shape.fill[channel]);
    // By way of a signed number, so that -1 has the bits that it has in a signed type of this size.
    return static_cast<Element>(static_cast<int64_t>(shape.fill[channel]));
  }
  static Out apply(In value, float, float) { return value; }
};

// A run of target pixels in one line: they come from `first`, `first + step`, … of the source's line.
struct Run {
  size_t begin;
  size_t count;
  ptrdiff_t first;
  ptrdiff_t step;
};

Run run_of(const AffineShape& shape, const AffinePlace& place) {
  const int64_t width = shape.target_width;
  // The pixels of the crop, counted before it is mirrored, that the source has.
  const int64_t from = std::clamp<int64_t>(-place.left, 0, width);
  const int64_t to = std::clamp<int64_t>(static_cast<int64_t>(shape.source_width) - place.left, from, width);
  const auto count = static_cast<size_t>(to - from);
  if (!place.flip) return {static_cast<size_t>(from), count, place.left + from, 1};
  return {static_cast<size_t>(width - to), count, place.left + to - 1, -1};
}

template <typename Kind, ptrdiff_t step, size_t stride>
void plane_run(const typename Kind::In* source, typename Kind::Out* target, size_t count, float scale, float bias) {
  for (size_t i = 0; i < count; i++) {
    target[i] = Kind::apply(source[static_cast<ptrdiff_t>(i) * step * static_cast<ptrdiff_t>(stride)], scale, bias);
  }
}

// One channel of a line, from elements `stride` apart to elements side by side.
template <typename Kind>
void plane_line(const typename Kind::In* source, size_t stride, ptrdiff_t step, typename Kind::Out* target,
                size_t count, float scale, float bias) {
  if constexpr (std::is_same_v<Kind, ToFloat<uint8_t>>) {
    if (stride == 1 && step == 1) return widen_u8(source, target, count, scale, bias);
  }
  if (stride == 1) {
    return step == 1 ? plane_run<Kind, 1, 1>(source, target, count, scale, bias)
                     : plane_run<Kind, -1, 1>(source, target, count, scale, bias);
  }
  if (stride == 3) {
    return step == 1 ? plane_run<Kind, 1, 3>(source, target, count, scale, bias)
                     : plane_run<Kind, -1, 3>(source, target, count, scale, bias);
  }
  const ptrdiff_t apart = step * static_cast<ptrdiff_t>(stride);
  for (size_t i = 0; i < count; i++) {
    target[i] = Kind::apply(source[static_cast<ptrdiff_t>(i) * apart], scale, bias);
  }
}

// Pixels of a line are taken apart this many at a time: they then stay in the processor's nearest cache.
constexpr size_t split_pixels = 256;

// Three channels of bytes, from side by side to three lines of float32.
void split_line(const AffineShape& shape, const uint8_t* source, ptrdiff_t step, size_t count,
                float* const lines[3]) {
  uint8_t bytes[3][split_pixels];
  uint8_t* const planes[3] = {bytes[0], bytes[1], bytes[2]};
  for (size_t at = 0; at < count; at += split_pixels) {
    const size_t part = std::min(split_pixels, count - at);
    split_u8x3(source + static_cast<ptrdiff_t>(at) * step * 3, step, part, planes);
    for (size_t channel = 0; channel < 3; channel++) {
      widen_u8(planes[channel], lines[channel] + at, part, shape.scale[channel], shape.bias[channel]);
    }
  }
}

template <typename Kind>
void to_planes(const AffineShape& shape, const AffinePlace& place, const typename Kind::In* source,
               typename Kind::Out* target) {
  const Run run = run_of(shape, place);
  const bool packed = shape.source_order == ChannelOrder::last;
  const size_t pixel = packed ? shape.channels : 1;
  const size_t line = shape.source_width * pixel;
  const size_t plane = packed ? 1 : size_t{shape.source_height} * shape.source_width;
  for (uint32_t y = 0; y < shape.target_height; y++) {
    const int64_t from = place.top + y;
    const bool inside = from >= 0 && from < shape.source_height;
    if constexpr (std::is_same_v<Kind, ToFloat<uint8_t>>) {
      if (inside && packed && shape.channels == 3 && run.count > 0) {
        float* lines[3];
        for (uint32_t channel = 0; channel < 3; channel++) {
          float* line_start = target + (size_t{channel} * shape.target_height + y) * shape.target_width;
          const float fill = Kind::fill(shape, channel);
          std::fill_n(line_start, run.begin, fill);
          const size_t end = run.begin + run.count;
          std::fill_n(line_start + end, shape.target_width - end, fill);
          lines[channel] = line_start + run.begin;
        }
        split_line(shape, source + static_cast<size_t>(from) * line + static_cast<size_t>(run.first) * 3, run.step,
                   run.count, lines);
        continue;
      }
    }
    for (uint32_t channel = 0; channel < shape.channels; channel++) {
      auto* out = target + (size_t{channel} * shape.target_height + y) * shape.target_width;
      const auto fill = Kind::fill(shape, channel);
      const size_t count = inside ? run.count : 0;
      std::fill_n(out, inside ? run.begin : shape.target_width, fill);
      if (!inside) continue;
      std::fill_n(out + run.begin + count, shape.target_width - run.begin - count, fill);
      if (count == 0) continue;
      const auto* in = source + static_cast<size_t>(from) * line + static_cast<size_t>(run.first) * pixel +
                       size_t{channel} * plane;
      plane_line<Kind>(in, pixel, run.step, out + run.begin, count, shape.scale[channel], shape.bias[channel]);
    }
  }
}

// A run of one line, with the channels last on both sides.
template <typename Kind>
void pixels_run(const AffineShape& shape, const typename Kind::In* source, ptrdiff_t step, size_t count,
                typename Kind::Out* target) {
  const size_t channels = shape.channels;
  const float* scale = shape.scale.data();
  const float* bias = shape.bias.data();
  if (step == 1) {
    if constexpr (std::is_same_v<typename Kind::In, typename Kind::Out> && !std::is_same_v<Kind, ToFloat<float>>) {
      std::memcpy(target, source, count * channels * sizeof(typename Kind::In));
      return;
    }
    if constexpr (std::is_same_v<Kind, ToFloat<uint8_t>>) {
      if (channels <= widen_period_max) {
        return widen_u8_periodic(source, target, count * channels, scale, bias, channels);
      }
    }
    if (channels == 1) return plane_run<Kind, 1, 1>(source, target, count, scale[0], bias[0]);
  }
  for (size_t i = 0; i < count; i++) {
    const auto* in = source + static_cast<ptrdiff_t>(i) * step * static_cast<ptrdiff_t>(channels);
    auto* out = target + i * channels;
    for (size_t channel = 0; channel < channels; channel++) {
      out[channel] = Kind::apply(in[channel], scale[channel], bias[channel]);
    }
  }
}

template <typename Kind>
void fill_pixels(const AffineShape& shape, typename Kind::Out* target, size_t count) {
  for (size_t i = 0; i < count; i++) {
    for (uint32_t channel = 0; channel < shape.channels; channel++) *target++ = Kind::fill(shape, channel);
  }
}

template <typename Kind>
void to_pixels(const AffineShape& shape, const AffinePlace& place, const typename Kind::In* source,
               typename Kind::Out* target) {
  const Run run = run_of(shape, place);
  const size_t channels = shape.channels;
  for (uint32_t y = 0; y < shape.target_height; y++) {
    const int64_t from = place.top + y;
    auto* out = target + size_t{y} * shape.target_width * channels;
    if (from < 0 || from >= shape.source_height) {
      fill_pixels<Kind>(shape, out, shape.target_width);
      continue;
    }
    fill_pixels<Kind>(shape, out, run.begin);
    const size_t end = run.begin + run.count;
    fill_pixels<Kind>(shape, out + end * channels, shape.target_width - end);
    if (run.count == 0) continue;
    const size_t pixel = static_cast<size_t>(from) * shape.source_width + static_cast<size_t>(run.first);
    pixels_run<Kind>(shape, source + pixel * channels, run.step, run.count, out + run.begin * channels);
  }
}

template <typename Kind>
void row(const AffineShape& shape, const AffinePlace& place, const std::byte* source, std::byte* target) {
  const auto* in = reinterpret_cast<const typename Kind::In*>(source);
  auto* out = reinterpret_cast<typename Kind::Out*>(target);
  if (shape.target_order == ChannelOrder::last) return to_pixels<Kind>(shape, place, in, out);
  to_planes<Kind>(shape, place, in, out);
}

}  // namespace

bool AffineShape::moves() const noexcept {
  if (source_type != target_type) return false;
  const auto is = [](float wanted) { return [wanted](float value) { return value == wanted; }; };
  return source_type != ElementType::f32 ||
         (std::all_of(scale.begin(), scale.end(), is(1)) && std::all_of(bias.begin(), bias.end(), is(0)));
}

void affine_row(const AffineShape& shape, const AffinePlace& place, const std::byte* source,
                std::byte* target) noexcept {
  const auto with = [&]<typename Kind>(Kind) { row<Kind>(shape, place, source, target); };
  if (shape.moves()) {
    if (shape.source_type == ElementType::f32) return with(Move<float>());
    if (shape.source_type == ElementType::f64) return with(Move<double>());
    switch (bytes_of(shape.source_type)) {
      case 1: return with(Move<uint8_t>());
      case 2: return with(Move<uint16_t>());
      case 4: return with(Move<uint32_t>());
      default: return with(Move<uint64_t>());
    }
  }
  switch (shape.source_type) {
    case ElementType::u8: return with(ToFloat<uint8_t>());
    case ElementType::i8: return with(ToFloat<int8_t>());
    case ElementType::u16: return with(ToFloat<uint16_t>());
    case ElementType::i16: return with(ToFloat<int16_t>());
    case ElementType::u32: return with(ToFloat<uint32_t>());
    case ElementType::i32: return with(ToFloat<int32_t>());
    case ElementType::u64: return with(ToFloat<uint64_t>());
    case ElementType::i64: return with(ToFloat<int64_t>());
    case ElementType::f16: return with(ToFloat<Float16>());
    case ElementType::bf16: return with(ToFloat<BFloat16>());
    case ElementType::f32: return with(ToFloat<float>());
    case ElementType::f64: return with(ToFloat<double>());
  }
}

}  // namespace zc
