// Makes Python's batch of tensors out of a batch message, in one call from the interpreter.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "batch_message.h"
#include "segment_table.h"
#include "tensor_batches.h"

namespace zc::capi {

class BatchMaker {
 public:
  // `ways` is a tuple: what batches say of how they came, by its number.
  BatchMaker(const PythonApi& api, std::shared_ptr<SegmentTable> segments, std::vector<TensorField> fields,
             BatchWords words, PyRef ways);

  size_t message_bytes() const { return sizeof(BatchHead) + fields_.size() * sizeof(FieldPlace); }
  // Whether `make` takes it: it is the message of a batch that fits its slot.
  bool takes(std::span<const std::byte> message) const;
  // The batch. None where the message is not one of a batch that fits its slot: nothing is taken then, and Python
  // says what is wrong. A null pointer where a call into Python has failed.
  PyObject* make(std::span<const std::byte> message) const;

 private:
  // Where the batch lies; null where the message does not fit it.
  std::shared_ptr<Segment> segment_of(const BatchMessage& message) const;

  const PythonApi& api_;
  const std::shared_ptr<SegmentTable> segments_;
  const std::vector<TensorField> fields_;
  const TensorBatches batches_;
  const PyRef ways_;
};

}  // namespace zc::capi
