#include "batch_message.h"

#include <bit>
#include <cstring>

namespace zc::capi {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers of the protocol are read as they lie");
static_assert(sizeof(BatchHead) == 56 && sizeof(FieldPlace) == 24);

constexpr uint32_t batch_kind = 1;
constexpr uint32_t ways = 3;
constexpr uint64_t index_bytes = 8;

bool lies_in(uint64_t offset, uint64_t rows, uint64_t row_bytes, uint64_t element_bytes, uint64_t slot_bytes) {
  uint64_t length = 0;
  if (__builtin_mul_overflow(rows, row_bytes, &length)) return false;
  return offset % element_bytes == 0 && length <= slot_bytes && offset <= slot_bytes - length;
}

}  // namespace

std::optional<uint64_t> TensorField::row_bytes() const {
  if (type_bits == 0 || type_bits % 8 != 0) return {};
  uint64_t bytes = type_bits / 8;
  for (const int64_t size : row_shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) return {};
  }
  return bytes;
}

std::optional<BatchMessage> BatchMessage::read(std::span<const std::byte> message, size_t fields) {
  if (message.size() < sizeof(BatchHead) || (message.size() - sizeof(BatchHead)) / sizeof(FieldPlace) != fields ||
      (message.size() - sizeof(BatchHead)) % sizeof(FieldPlace) != 0) {
    return {};
  }
  BatchHead head;
  std::memcpy(&head, message.data(), sizeof head);
  if (head.kind != batch_kind || head.fields != fields || head.way >= ways) return {};
  return BatchMessage(head, message.data() + sizeof head);
}

FieldPlace BatchMessage::field(size_t index) const {
  FieldPlace place;
  std::memcpy(&place, fields_ + index * sizeof place, sizeof place);
  return place;
}

bool BatchMessage::fits(std::span<const TensorField> fields, uint64_t slot_bytes) const {
  for (size_t i = 0; i < fields.size(); i++) {
    const auto row_bytes = fields[i].row_bytes();
    const uint64_t element_bytes = fields[i].type_bits / 8;
    if (!row_bytes || !lies_in(field(i).offset, head_.samples, *row_bytes, element_bytes, slot_bytes)) return false;
  }
  return lies_in(head_.indices, head_.samples, index_bytes, index_bytes, slot_bytes);
}

}  // namespace zc::capi
