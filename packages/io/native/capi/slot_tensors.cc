#include "slot_tensors.h"

#include <utility>

namespace zc::capi {
namespace {

constexpr int32_t device_cpu = 1;
constexpr uint8_t type_int = 0;

const TensorField& index_field() {
  static const TensorField field{.type_code = type_int, .type_bits = 64, .row_shape = {}};
  return field;
}

size_t sizes_of(std::span<const TensorField> fields) {
  size_t count = 1;
  for (const TensorField& field : fields) count += 1 + field.row_shape.size();
  return count;
}

}  // namespace

SlotTensors* SlotTensors::make(std::shared_ptr<Segment> segment, const BatchMessage& message,
                               std::span<const TensorField> fields) {
  return std::unique_ptr<SlotTensors>(new SlotTensors(std::move(segment), message, fields)).release();
}

SlotTensors::SlotTensors(std::shared_ptr<Segment> segment, const BatchMessage& message,
                         std::span<const TensorField> fields)
    : lease_(std::move(segment), message.head().slot, message.head().generation), left_(fields.size() + 1) {
  tensors_.reserve(fields.size() + 1);
  // Tensors point into it, so it must not move.
  shapes_.reserve(sizes_of(fields));
  for (size_t i = 0; i < fields.size(); i++) add(message.field(i).offset, fields[i], message.head().samples);
  add(message.head().indices, index_field(), message.head().samples);
}

void SlotTensors::add(uint64_t offset, const TensorField& field, uint32_t samples) {
  int64_t* const shape = shapes_.data() + shapes_.size();
  shapes_.push_back(samples);
  shapes_.insert(shapes_.end(), field.row_shape.begin(), field.row_shape.end());
  tensors_.push_back({.tensor = {.data = lease_.memory() + offset,
                                 .device_type = device_cpu,
                                 .device_id = 0,
                                 .dimensions = static_cast<int32_t>(1 + field.row_shape.size()),
                                 .type_code = field.type_code,
                                 .type_bits = field.type_bits,
                                 .type_lanes = 1,
                                 .shape = shape,
                                 .strides = nullptr,
                                 .byte_offset = 0},
                      .owner = this,
                      .deleter = drop});
}

void SlotTensors::drop(DLManagedTensor* tensor) {
  auto* const all = static_cast<SlotTensors*>(tensor->owner);
  if (all->left_.fetch_sub(1, std::memory_order_acq_rel) == 1) const std::unique_ptr<SlotTensors> last(all);
}

}  // namespace zc::capi
