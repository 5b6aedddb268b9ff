#include "slot_program.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace zc {
namespace {

constexpr double whole_max = 9007199254740991.0;
constexpr uint64_t extent_max = uint64_t{1} << 32;
constexpr uint64_t channels_max = 1 << 20;

enum class Kind : uint64_t { affine = 1, fill = 2, boolean = 3, zstd = 4 };

// Reads the numbers one by one; after the first bad one all are 0, and error() says which it was.
class Numbers {
 public:
  Numbers(const double* numbers, size_t length) : numbers_(numbers), length_(length) {}

  size_t left() const { return length_ - at_; }
  bool bad() const { return bad_; }
  Error error() const {
    return Error{.code = ErrorCode::argument,
                 .operation = "a slot program: " + what_ + " (number " + std::to_string(bad_at_) + ")"};
  }

  // Where the numbers that were read are each fine, but do not go together.
  void refuse(const std::string& what) {
    if (bad_) return;
    bad_ = true;
    what_ = what;
    bad_at_ = at_;
  }

  double any(const char* name) {
    if (bad_) return 0;
    if (at_ == length_) {
      refuse(std::string(name) + " is missing");
      return 0;
    }
    return numbers_[at_++];
  }

  int64_t whole(const char* name, double least, double most) {
    const double number = any(name);
    if (bad_) return 0;
    if (number >= least && number <= most && number == std::floor(number)) return static_cast<int64_t>(number);
    at_--;
    refuse(std::string(name) + " is not a whole number in its range");
    return 0;
  }

  uint64_t count(const char* name, uint64_t most) {
    return static_cast<uint64_t>(whole(name, 0, static_cast<double>(most)));
  }

  float real(const char* name) {
    const double number = any(name);
    if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
      refuse(std::string(name) + " is beyond the range of float32");
      return 0;
    }
    return static_cast<float>(number);
  }

 private:
  const double* numbers_;
  size_t length_;
  size_t at_ = 0;
  bool bad_ = false;
  size_t bad_at_ = 0;
  std::string what_;
};

// Rows that lie `stride` bytes apart, of which `used` bytes each are touched. Nothing here can wrap around: no
// factor is above 2^53, and products are compared by dividing.
struct Span {
  uint64_t begin;
  uint64_t stride;
  uint64_t used;
  uint64_t rows;

  bool fits(uint64_t slot_length) const {
    if (rows == 0) return true;
    if (used > stride || begin > slot_length) return false;
    return stride == 0 || rows <= (slot_length - begin) / stride;
  }
  uint64_t end() const { return begin + rows * stride; }
};

uint64_t product(uint64_t a, uint64_t b) {
  uint64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? UINT64_MAX : result;
}

void read_places(Numbers& in, uint64_t rows, AffineStep& step) {
  step.places.resize(rows);
  const double reach = static_cast<double>(extent_max);
  for (AffinePlace& place : step.places) {
    place.top = in.whole("a top", -reach, reach);
    place.left = in.whole("a left", -reach, reach);
    place.flip = in.count("a flip", 1) == 1;
  }
}

bool fill_fits(double fill, ElementType type) {
  switch (type) {
    case ElementType::f32:
    case ElementType::f64:
      return true;
    case ElementType::f16:
    case ElementType::bf16:
      return fill == 0;
    default:
      return std::abs(fill) <= whole_max && fill == std::floor(fill);
  }
}

void read_channels(Numbers& in, AffineShape& shape) {
  for (uint32_t channel = 0; channel < shape.channels; channel++) {
    shape.scale.push_back(in.real("a scale"));
    shape.bias.push_back(in.real("a bias"));
    const double fill = in.any("a fill");
    if (!fill_fits(fill, shape.target_type)) in.refuse("a fill that the element type does not have");
    shape.fill.push_back(fill);
    if (shape.target_type == ElementType::f32 && std::isfinite(fill) &&
        std::abs(fill) > std::numeric_limits<float>::max()) {
      in.refuse("a fill is beyond the range of float32");
    }
  }
}

AffineStep parse_affine(Numbers& in, uint64_t slot_length) {
  AffineStep step;
  AffineShape& shape = step.shape;
  const uint64_t rows = in.count("rows", in.left() / 3);
  step.source = in.count("source", slot_length);
  step.source_bytes = in.count("source bytes", slot_length);
  shape.source_type = static_cast<ElementType>(in.count("source type", element_types - 1));
  shape.source_order = static_cast<ChannelOrder>(in.count("source order", 1));
  shape.source_height = static_cast<uint32_t>(in.count("source height", extent_max - 1));
  shape.source_width = static_cast<uint32_t>(in.count("source width", extent_max - 1));
  step.target = in.count("target", slot_length);
  step.target_bytes = in.count("target bytes", slot_length);
  shape.target_type = static_cast<ElementType>(in.count("target type", element_types - 1));
  shape.target_order = static_cast<ChannelOrder>(in.count("target order", 1));
  shape.target_height = static_cast<uint32_t>(in.count("target height", extent_max - 1));
  shape.target_width = static_cast<uint32_t>(in.count("target width", extent_max - 1));
  shape.channels = static_cast<uint32_t>(in.count("channels", std::min<uint64_t>(channels_max, in.left() / 3)));
  read_channels(in, shape);
  read_places(in, rows, step);
  if (in.bad()) return step;

  const size_t in_bytes = bytes_of(shape.source_type);
  const size_t out_bytes = bytes_of(shape.target_type);
  if (shape.target_type != ElementType::f32 && shape.target_type != shape.source_type) {
    in.refuse("a target type that is neither float32 nor the source's");
  }
  if (shape.source_order == ChannelOrder::first && shape.target_order == ChannelOrder::last) {
    in.refuse("channels that go from first to last");
  }
  const uint64_t in_pixels = product(shape.source_height, shape.source_width);
  const uint64_t out_pixels = product(shape.target_height, shape.target_width);
  const Span source{step.source, step.source_bytes, product(product(in_pixels, shape.channels), in_bytes), rows};
  const Span target{step.target, step.target_bytes, product(product(out_pixels, shape.channels), out_bytes), rows};
  if (!source.fits(slot_length) || !target.fits(slot_length)) in.refuse("rows that are not inside the slot");
  if (step.source % in_bytes != 0 || step.source_bytes % in_bytes != 0 || step.target % out_bytes != 0 ||
      step.target_bytes % out_bytes != 0) {
    in.refuse("rows that are not aligned for their elements");
  }
  if (!in.bad() && source.begin < target.end() && target.begin < source.end()) {
    in.refuse("a source that overlaps its target");
  }
  // Lines without pixels would still be counted, and there could be billions.
  if (target.used == 0) step.places.clear();
  return step;
}

FillStep parse_fill(Numbers& in, uint64_t slot_length) {
  FillStep step;
  const uint64_t rows = in.count("rows", in.left() / 2);
  step.target = in.count("target", slot_length);
  step.target_bytes = in.count("target bytes", slot_length);
  step.element_bytes = static_cast<uint32_t>(in.count("element bytes", 8));
  const uint64_t low = in.count("the element's low half", UINT32_MAX);
  const uint64_t high = in.count("the element's high half", UINT32_MAX);
  step.element = low | high << 32;
  if (!in.bad() && (step.element_bytes == 0 || (step.element_bytes & (step.element_bytes - 1)) != 0)) {
    in.refuse("elements of neither 1, 2, 4 nor 8 bytes");
  }
  if (in.bad()) return step;
  const Span target{step.target, step.target_bytes, step.target_bytes, rows};
  if (!target.fits(slot_length)) in.refuse("rows that are not inside the slot");
  if (step.target % step.element_bytes != 0 || step.target_bytes % step.element_bytes != 0) {
    in.refuse("rows that are not aligned for their elements");
  }
  step.ranges.resize(rows);
  for (FillStep::Range& range : step.ranges) {
    range.begin = in.count("the begin of a range", step.target_bytes);
    range.end = in.count("the end of a range", step.target_bytes);
    if (in.bad()) return step;
    if (range.begin > range.end || range.begin % step.element_bytes != 0 || range.end % step.element_bytes != 0) {
      in.refuse("a range that is not one of whole elements");
    }
  }
  return step;
}

BoolStep parse_bool(Numbers& in, uint64_t slot_length) {
  BoolStep step;
  step.source = in.count("source", slot_length);
  step.length = in.count("length", slot_length - step.source);
  return step;
}

// The rows of each side ascend and are apart from each other, so that threads can decode them at once.
ZstdStep parse_zstd(Numbers& in, uint64_t slot_length) {
  ZstdStep step;
  step.row_places.resize(in.count("rows", in.left() / 4));
  ZstdStep::Row ends;
  for (ZstdStep::Row& row : step.row_places) {
    row.source = in.count("the begin of a frame", slot_length);
    row.source_length = in.count("the length of a frame", slot_length - row.source);
    row.target = in.count("the begin of a row", slot_length);
    row.target_length = in.count("the length of a row", slot_length - row.target);
    if (in.bad()) return step;
    if (row.source < ends.source || row.target < ends.target) in.refuse("rows that do not ascend");
    ends.source = row.source + row.source_length;
    ends.target = row.target + row.target_length;
  }
  if (in.bad() || step.row_places.empty()) return step;
  const ZstdStep::Row& first = step.row_places.front();
  if (first.source < ends.target && first.target < ends.source) in.refuse("a source that overlaps its target");
  return step;
}

void run(const AffineStep& step, size_t first, size_t end, std::byte* slot) {
  for (size_t row = first; row < end; row++) {
    affine_row(step.shape, step.places[row], slot + step.source + row * step.source_bytes,
               slot + step.target + row * step.target_bytes);
  }
}

template <typename Element>
void fill_rows(const FillStep& step, size_t first, size_t end, std::byte* slot) {
  const auto element = static_cast<Element>(step.element);
  for (size_t row = first; row < end; row++) {
    const auto [from, to] = step.ranges[row];
    auto* elements = reinterpret_cast<Element*>(slot + step.target + row * step.target_bytes + from);
    std::fill_n(elements, (to - from) / sizeof(Element), element);
  }
}

void run(const FillStep& step, size_t first, size_t end, std::byte* slot) {
  switch (step.element_bytes) {
    case 1: return fill_rows<uint8_t>(step, first, end, slot);
    case 2: return fill_rows<uint16_t>(step, first, end, slot);
    case 4: return fill_rows<uint32_t>(step, first, end, slot);
    default: return fill_rows<uint64_t>(step, first, end, slot);
  }
}

Result<void> check(const BoolStep& step, size_t first, size_t end, const std::byte* slot) {
  const uint64_t begin = step.source + first * step.row_length;
  const uint64_t stop = step.source + std::min(step.length, end * step.row_length);
  // The bits of all bytes together say whether one is wrong; only then it is looked for.
  std::byte seen{0};
  for (uint64_t at = begin; at < stop; at++) seen |= slot[at];
  if ((seen & ~std::byte{1}) == std::byte{0}) return {};
  // It may be gone again, for other threads may write into a slot: then the last byte is named.
  uint64_t at = begin;
  while (at + 1 < stop && (slot[at] & ~std::byte{1}) == std::byte{0}) at++;
  return Error{.code = ErrorCode::argument,
               .operation = "a bool that is neither 0 nor 1",
               .offset = static_cast<int64_t>(at),
               .expected = 1,
               .actual = static_cast<int64_t>(slot[at])};
}

Result<void> decode(const ZstdStep& step, size_t first, size_t end, std::byte* slot) {
  for (size_t row = first; row < end; row++) {
    Result<void> result = decode_zstd_row(step.row_places[row], slot);
    if (!result.ok()) return result;
  }
  return {};
}

}  // namespace

size_t AffineStep::row_bytes() const noexcept { return source_bytes + target_bytes; }

Result<std::vector<SlotStep>> parse_slot_program(const double* program, size_t length, size_t slot_length) {
  Numbers in(program, length);
  std::vector<SlotStep> steps;
  while (!in.bad() && in.left() > 0) {
    switch (static_cast<Kind>(in.count("the kind of a step", 4))) {
      case Kind::affine:
        steps.emplace_back(parse_affine(in, slot_length));
        break;
      case Kind::fill:
        steps.emplace_back(parse_fill(in, slot_length));
        break;
      case Kind::boolean:
        steps.emplace_back(parse_bool(in, slot_length));
        break;
      case Kind::zstd:
        steps.emplace_back(parse_zstd(in, slot_length));
        break;
      default:
        in.refuse("a step of no known kind");
    }
  }
  if (in.bad()) return in.error();
  return steps;
}

Result<void> run_slot_step(const SlotStep& step, size_t first, size_t end, std::byte* slot) {
  if (const auto* affine = std::get_if<AffineStep>(&step)) run(*affine, first, end, slot);
  if (const auto* fill = std::get_if<FillStep>(&step)) run(*fill, first, end, slot);
  if (const auto* boolean = std::get_if<BoolStep>(&step)) return check(*boolean, first, end, slot);
  if (const auto* zstd = std::get_if<ZstdStep>(&step)) return decode(*zstd, first, end, slot);
  return {};
}

}  // namespace zc
