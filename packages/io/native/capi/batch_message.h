// What the server says of a batch of which every field has rows of one shape, checked against its slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace zc::capi {

// A field as a tensor: its rows' shape, and the type of its elements in the words of DLPack.
struct TensorField {
  uint8_t type_code = 0;
  uint8_t type_bits = 0;
  std::vector<int64_t> row_shape;

  // 0 for rows without elements; nothing where the sizes are no row's.
  std::optional<uint64_t> row_bytes() const;
};

// The numbers at the head of a batch message (docs/reference/bridge-protocol.md, section 4).
struct BatchHead {
  uint32_t kind, iteration, segment, slot, generation, samples, way, fields;
  uint64_t number, bytes_used, indices;
};

struct FieldPlace {
  uint64_t offset, length, tables;
};

// A message whose length is right for its number of fields; nothing of it has been checked but that, its kind and
// its way.
class BatchMessage {
 public:
  // The bytes are copied where they are looked at; nothing where they are no batch message of so many fields.
  static std::optional<BatchMessage> read(std::span<const std::byte> message, size_t fields);

  const BatchHead& head() const { return head_; }
  FieldPlace field(size_t index) const;
  // Whether all rows, and the samples' numbers, lie in a slot of so many bytes, aligned to their elements.
  bool fits(std::span<const TensorField> fields, uint64_t slot_bytes) const;

 private:
  BatchMessage(const BatchHead& head, const std::byte* fields) : head_(head), fields_(fields) {}
  BatchHead head_;
  const std::byte* fields_;
};

}  // namespace zc::capi
