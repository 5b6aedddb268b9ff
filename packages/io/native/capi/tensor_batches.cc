#include "tensor_batches.h"

#include <utility>

namespace zc::capi {
namespace {

// In Python's typeslots.h.
constexpr int slot_of_new = 65;
// The name says that nobody has taken the tensor; who takes it gives the capsule another one.
constexpr const char* untaken = "dltensor";

void delete_untaken(PyObject* capsule) {
  const PythonApi& api = *PythonApi::find();
  if (!api.capsule_is_valid(capsule, untaken)) return;
  auto* tensor = static_cast<DLManagedTensor*>(api.capsule_pointer(capsule, untaken));
  tensor->deleter(tensor);
}

// Deletes the tensors that did not get a capsule.
class Untaken {
 public:
  explicit Untaken(TensorGroup* tensors) : tensors_(tensors), count_(tensors->size()) {}
  ~Untaken() {
    for (; next_ < count_; next_++) {
      DLManagedTensor* tensor = tensors_->tensor(next_);
      tensor->deleter(tensor);
    }
  }
  Untaken(const Untaken&) = delete;
  Untaken& operator=(const Untaken&) = delete;

  // A capsule of the next one; null where Python has no memory.
  PyRef next(const PythonApi& api) {
    PyObject* capsule = api.capsule_new(tensors_->tensor(next_), untaken, delete_untaken);
    if (capsule != nullptr) next_++;
    return PyRef::own(api, capsule);
  }

 private:
  TensorGroup* const tensors_;
  const size_t count_;
  size_t next_ = 0;
};

}  // namespace

TensorBatches::TensorBatches(const PythonApi& api, BatchWords words)
    : api_(api),
      words_(std::move(words)),
      no_arguments_(PyRef::own(api, api.tuple_new(0))),
      way_name_(PyRef::own(api, api.text_interned("way"))),
      indices_name_(PyRef::own(api, api.text_interned("_indices"))),
      new_batch_(reinterpret_cast<PyObject* (*)(PyObject*, PyObject*, PyObject*)>(
          api.type_slot(words_.batch_type.get(), slot_of_new))) {}

PyObject* TensorBatches::make(TensorGroup* group, PyObject* way) const {
  const size_t fields = group->size() - 1;
  Untaken tensors(group);
  PyRef batch = PyRef::own(api_, new_batch_(words_.batch_type.get(), no_arguments_.get(), nullptr));
  if (!batch) return nullptr;
  for (size_t i = 0; i < fields; i++) {
    const PyRef capsule = tensors.next(api_);
    if (!capsule) return nullptr;
    const PyRef tensor = PyRef::own(api_, api_.call(words_.from_dlpack.get(), capsule.get(), nullptr));
    PyObject* name = api_.tuple_item(words_.names.get(), static_cast<intptr_t>(i));
    if (!tensor || name == nullptr || api_.dict_set(batch.get(), name, tensor.get()) != 0) return nullptr;
  }
  // A tensor is made of it by whoever asks for the samples' numbers, which few do.
  const PyRef indices = tensors.next(api_);
  if (!indices || api_.attribute_set(batch.get(), indices_name_.get(), indices.get()) != 0 ||
      api_.attribute_set(batch.get(), way_name_.get(), way) != 0) {
    return nullptr;
  }
  return batch.give();
}

}  // namespace zc::capi
