// The tensors of one batch over memory that they share, in DLPack's words: it is kept until the last is deleted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "batch_message.h"
#include "segment.h"

namespace zc::capi {

// As in dlpack.h, version 0.8 and before: what every framework that speaks DLPack takes.
struct DLTensor {
  void* data;
  int32_t device_type, device_id;
  int32_t dimensions;
  uint8_t type_code, type_bits;
  uint16_t type_lanes;
  int64_t* shape;
  int64_t* strides;  // null: C-contiguous
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void* owner;
  void (*deleter)(DLManagedTensor*);
};
static_assert(sizeof(DLTensor) == 48 && sizeof(DLManagedTensor) == 64);

// The tensors of a batch, made together: one for each field, and one for the samples' numbers. It deletes itself
// with the last of them, on whatever thread that is, and lets go of the memory then.
class TensorGroup {
 public:
  // `offsets` has one place in `memory` for each field, and, behind them, that of the samples' numbers.
  static TensorGroup* make(std::shared_ptr<const void> keeper, std::byte* memory, std::span<const TensorField> fields,
                           std::span<const uint64_t> offsets, uint32_t samples);

  size_t size() const { return tensors_.size(); }
  // Whoever gets it calls its deleter once.
  DLManagedTensor* tensor(size_t index) { return &tensors_[index]; }

 private:
  TensorGroup(std::shared_ptr<const void> keeper, size_t tensors, size_t sizes);
  void add(std::byte* data, const TensorField& field, uint32_t samples);
  static void drop(DLManagedTensor* tensor);

  const std::shared_ptr<const void> keeper_;
  std::vector<DLManagedTensor> tensors_;
  std::vector<int64_t> shapes_;
  std::atomic<size_t> left_;
};

// The lease on a slot, and the tensors of the batch in it. The message fits the slot.
TensorGroup* tensors_in_slot(std::shared_ptr<Segment> segment, const BatchMessage& message,
                             std::span<const TensorField> fields);

}  // namespace zc::capi
