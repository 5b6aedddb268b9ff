// Rows of pixels moved into place, and made into float32 on the way: crop, flip, layout, scale and offset in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "element_type.h"

namespace zc {

enum class ChannelOrder : uint8_t { last = 0, first = 1 };

// What all rows of one step have in common. A row is `height` lines of `width` pixels of `channels` elements, in one
// order of channels in the source and in the same or the other one in the target.
struct AffineShape {
  ElementType source_type = ElementType::u8;
  ElementType target_type = ElementType::f32;  // f32, or the source's: then elements are moved as they are
  ChannelOrder source_order = ChannelOrder::last;
  ChannelOrder target_order = ChannelOrder::last;
  uint32_t source_height = 1;
  uint32_t source_width = 1;
  uint32_t target_height = 1;
  uint32_t target_width = 1;
  uint32_t channels = 1;
  // One of each a channel: target = source * scale + bias, and `fill` where the source has no such pixel. For
  // elements that are moved only `fill` counts.
  std::vector<float> scale;
  std::vector<float> bias;
  std::vector<double> fill;

  // Whether elements keep their bits: neither their type nor their value changes.
  bool moves() const noexcept;
};

// Which part of the source a target shows: its line and column 0, and then mirrored from left to right or not.
struct AffinePlace {
  int64_t top = 0;
  int64_t left = 0;
  bool flip = false;
};

// One row. Source and target hold the whole row each, are aligned for their elements and do not overlap.
// The same bits on every machine: no multiplication is contracted with an addition.
void affine_row(const AffineShape& shape, const AffinePlace& place, const std::byte* source,
                std::byte* target) noexcept;

}  // namespace zc
