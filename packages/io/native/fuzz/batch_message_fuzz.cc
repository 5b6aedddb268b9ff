// Any bytes for a batch message: what is read as one that fits lies in the slot, every byte of it.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "../capi/batch_message.h"

using zc::capi::BatchMessage;
using zc::capi::TensorField;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<TensorField> fields = {{.type_code = 1, .type_bits = 8, .row_shape = {8, 100}},
                                                  {.type_code = 0, .type_bits = 64, .row_shape = {}},
                                                  {.type_code = 2, .type_bits = 32, .row_shape = {0}}};
  constexpr uint64_t slot_bytes = 65536;
  const auto message = BatchMessage::read(std::as_bytes(std::span(data, size)), fields.size());
  if (!message || !message->fits(fields, slot_bytes)) return 0;
  const auto inside = [&](uint64_t offset, uint64_t row_bytes) {
    return offset <= slot_bytes && row_bytes * message->head().samples <= slot_bytes - offset;
  };
  bool all = inside(message->head().indices, 8);
  for (size_t i = 0; i < fields.size(); i++) all = all && inside(message->field(i).offset, *fields[i].row_bytes());
  if (!all) std::abort();
  return 0;
}
