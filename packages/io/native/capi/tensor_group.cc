#include "tensor_group.h"

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

TensorGroup* TensorGroup::make(std::shared_ptr<const void> keeper, std::byte* memory,
                               std::span<const TensorField> fields, std::span<const uint64_t> offsets,
                               uint32_t samples) {
  std::unique_ptr<TensorGroup> group(new TensorGroup(std::move(keeper), offsets.size(), sizes_of(fields)));
  for (size_t i = 0; i < fields.size(); i++) group->add(memory + offsets[i], fields[i], samples);
  group->add(memory + offsets[fields.size()], index_field(), samples);
  return group.release();
}

TensorGroup::TensorGroup(std::shared_ptr<const void> keeper, size_t tensors, size_t sizes)
    : keeper_(std::move(keeper)), left_(tensors) {
  tensors_.reserve(tensors);
  // Tensors point into it, so it must not move.
  shapes_.reserve(sizes);
}

void TensorGroup::add(std::byte* data, const TensorField& field, uint32_t samples) {
  int64_t* const shape = shapes_.data() + shapes_.size();
  shapes_.push_back(samples);
  shapes_.insert(shapes_.end(), field.row_shape.begin(), field.row_shape.end());
  tensors_.push_back({.tensor = {.data = data,
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

void TensorGroup::drop(DLManagedTensor* tensor) {
  auto* const all = static_cast<TensorGroup*>(tensor->owner);
  if (all->left_.fetch_sub(1, std::memory_order_acq_rel) == 1) const std::unique_ptr<TensorGroup> last(all);
}

TensorGroup* tensors_in_slot(std::shared_ptr<Segment> segment, const BatchMessage& message,
                             std::span<const TensorField> fields) {
  const BatchHead& head = message.head();
  std::vector<uint64_t> offsets;
  offsets.reserve(fields.size() + 1);
  for (size_t i = 0; i < fields.size(); i++) offsets.push_back(message.field(i).offset);
  offsets.push_back(head.indices);
  auto lease = std::make_shared<const SlotLease>(std::move(segment), head.slot, head.generation);
  std::byte* const memory = lease->memory();
  return TensorGroup::make(std::move(lease), memory, fields, offsets, head.samples);
}

}  // namespace zc::capi
