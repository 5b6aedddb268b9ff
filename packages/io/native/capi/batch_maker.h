// Makes Python's batch of tensors out of a batch message, in one call from the interpreter.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "batch_message.h"
#include "python_api.h"
#include "segment_table.h"

namespace zc::capi {

// The objects of Python that batches are made with.
struct BatchWords {
  PyRef names;        // a tuple: the fields' keys in a batch
  PyRef ways;         // a tuple: by their numbers
  PyRef batch_type;   // a subclass of dict with the attributes `way` and `_indices`
  PyRef from_dlpack;  // takes a capsule and gives a tensor
};

class BatchMaker {
 public:
  BatchMaker(const PythonApi& api, std::shared_ptr<SegmentTable> segments, std::vector<TensorField> fields,
             BatchWords words);

  // The batch. None where the message is not one of a batch that fits its slot: nothing is taken then, and Python
  // says what is wrong. A null pointer where a call into Python has failed.
  PyObject* make(std::span<const std::byte> message) const;

 private:
  PyObject* fill(class SlotTensors* tensors, const BatchHead& head) const;
  PyObject* none() const;

  const PythonApi& api_;
  const std::shared_ptr<SegmentTable> segments_;
  const std::vector<TensorField> fields_;
  const BatchWords words_;
  const PyRef no_arguments_;
  const PyRef way_name_, indices_name_;
  PyObject* (*const new_batch_)(PyObject* type, PyObject* arguments, PyObject* keywords);
};

}  // namespace zc::capi
