// Tensors over the memory of one slot, in DLPack's words: when the last of them is deleted, the lease ends.
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
// with the last of them, on whatever thread that is.
class SlotTensors {
 public:
  // Takes the slot. The message fits it.
  static SlotTensors* make(std::shared_ptr<Segment> segment, const BatchMessage& message,
                           std::span<const TensorField> fields);

  // Of a field, or, behind them, of the samples' numbers. Whoever gets it calls its deleter once.
  DLManagedTensor* tensor(size_t index) { return &tensors_[index]; }

 private:
  SlotTensors(std::shared_ptr<Segment> segment, const BatchMessage& message, std::span<const TensorField> fields);
  void add(uint64_t offset, const TensorField& field, uint32_t samples);
  static void drop(DLManagedTensor* tensor);

  const SlotLease lease_;
  std::vector<DLManagedTensor> tensors_;
  std::vector<int64_t> shapes_;
  std::atomic<size_t> left_;
};

}  // namespace zc::capi
