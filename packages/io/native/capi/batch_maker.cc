#include "batch_maker.h"

#include <utility>

namespace zc::capi {

BatchMaker::BatchMaker(const PythonApi& api, std::shared_ptr<SegmentTable> segments,
                       std::vector<TensorField> fields, BatchWords words, PyRef ways)
    : api_(api),
      segments_(std::move(segments)),
      fields_(std::move(fields)),
      batches_(api, std::move(words)),
      ways_(std::move(ways)) {}

PyObject* BatchMaker::make(std::span<const std::byte> bytes) const {
  const auto message = BatchMessage::read(bytes, fields_.size());
  if (!message) return api_.new_none();
  const BatchHead& head = message->head();
  PyObject* way = api_.tuple_item(ways_.get(), head.way);
  if (way == nullptr) return nullptr;
  auto segment = segments_->find(head.segment);
  if (segment == nullptr || head.slot >= segment->slots() || !message->fits(fields_, segment->slot_bytes())) {
    return api_.new_none();
  }
  return batches_.make(tensors_in_slot(std::move(segment), *message, fields_), way);
}

}  // namespace zc::capi
