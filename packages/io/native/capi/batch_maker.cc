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

bool BatchMaker::takes(std::span<const std::byte> bytes) const {
  const auto message = BatchMessage::read(bytes, fields_.size());
  return message && segment_of(*message) != nullptr;
}

PyObject* BatchMaker::make(std::span<const std::byte> bytes) const {
  const auto message = BatchMessage::read(bytes, fields_.size());
  if (!message) return api_.new_none();
  PyObject* way = api_.tuple_item(ways_.get(), message->head().way);
  if (way == nullptr) return nullptr;
  auto segment = segment_of(*message);
  if (segment == nullptr) return api_.new_none();
  return batches_.make(tensors_in_slot(std::move(segment), *message, fields_), way);
}

std::shared_ptr<Segment> BatchMaker::segment_of(const BatchMessage& message) const {
  auto segment = segments_->find(message.head().segment);
  if (segment == nullptr || message.head().slot >= segment->slots()) return nullptr;
  return message.fits(fields_, segment->slot_bytes()) ? segment : nullptr;
}

}  // namespace zc::capi
