// Makes Python's batches, dicts of tensors, of tensors over memory.
#pragma once

#include <memory>

#include "python_api.h"
#include "tensor_group.h"

namespace zc::capi {

// The objects of Python that batches are made with.
struct BatchWords {
  PyRef names;        // a tuple: the fields' keys in a batch
  PyRef batch_type;   // a subclass of dict with the attributes `way` and `_indices`
  PyRef from_dlpack;  // takes a capsule and gives a tensor
};

class TensorBatches {
 public:
  TensorBatches(const PythonApi& api, BatchWords words);

  // The batch; a null pointer where a call into Python has failed. Either way the tensors are not the caller's any
  // more. `way` is borrowed.
  PyObject* make(TensorGroup* tensors, PyObject* way) const;

 private:
  const PythonApi& api_;
  const BatchWords words_;
  const PyRef no_arguments_;
  const PyRef way_name_, indices_name_;
  PyObject* (*const new_batch_)(PyObject* type, PyObject* arguments, PyObject* keywords);
};

}  // namespace zc::capi
