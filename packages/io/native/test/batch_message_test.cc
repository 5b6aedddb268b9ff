#include "../capi/batch_message.h"

#include <cstring>
#include <vector>

#include "harness.h"

using zc::capi::BatchHead;
using zc::capi::BatchMessage;
using zc::capi::FieldPlace;
using zc::capi::TensorField;

namespace {

constexpr uint64_t slot_bytes = 65536;
// Rows of 8 × 100 bytes and one int64.
const std::vector<TensorField> fields = {{.type_code = 1, .type_bits = 8, .row_shape = {8, 100}},
                                         {.type_code = 0, .type_bits = 64, .row_shape = {}}};

struct Parts {
  BatchHead head = {.kind = 1,
                    .iteration = 3,
                    .segment = 4,
                    .slot = 5,
                    .generation = 6,
                    .samples = 10,
                    .way = 1,
                    .fields = 2,
                    .number = 7,
                    .bytes_used = 40000,
                    .indices = 16384};
  std::vector<FieldPlace> places = {{0, 8000, 0}, {12288, 80, 0}};

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> made(sizeof head + places.size() * sizeof(FieldPlace));
    std::memcpy(made.data(), &head, sizeof head);
    std::memcpy(made.data() + sizeof head, places.data(), places.size() * sizeof(FieldPlace));
    return made;
  }
  bool fits() const {
    const auto message = bytes();
    const auto read = BatchMessage::read(message, fields.size());
    return read && read->fits(fields, slot_bytes);
  }
};

}  // namespace

TEST("batch message: is read as it was written, and fits its slot") {
  const Parts parts;
  const auto bytes = parts.bytes();
  const auto message = BatchMessage::read(bytes, 2);
  CHECK(message.has_value());
  CHECK_EQUAL(message->head().generation, 6u);
  CHECK_EQUAL(message->head().number, 7u);
  CHECK_EQUAL(message->field(1).offset, 12288u);
  CHECK(message->fits(fields, slot_bytes));
  CHECK(!message->fits(fields, 16384 + 79));
  CHECK(message->fits(fields, 16384 + 80));
}

TEST("batch message: one of another length, kind, way or number of fields is none") {
  const auto bytes = Parts().bytes();
  for (size_t length = 0; length < bytes.size(); length++) {
    CHECK(!BatchMessage::read(std::span(bytes).first(length), 2));
  }
  CHECK(!BatchMessage::read(bytes, 1));
  CHECK(!BatchMessage::read(bytes, 3));
  Parts kind, way, count;
  kind.head.kind = 2;
  way.head.way = 3;
  count.head.fields = 3;
  for (const Parts& parts : {kind, way, count}) CHECK(!BatchMessage::read(parts.bytes(), 2));
}

TEST("batch message: what ends behind the slot, overflows or lies askew does not fit") {
  Parts parts;
  CHECK(parts.fits());
  for (const uint64_t offset : {slot_bytes - 7999, slot_bytes, UINT64_MAX, UINT64_MAX - 7999}) {
    parts = {};
    parts.places[0].offset = offset;
    CHECK(!parts.fits());
  }
  for (const uint64_t offset : {uint64_t{12289}, slot_bytes - 72, UINT64_MAX - 7}) {
    parts = {};
    parts.places[1].offset = offset;
    CHECK(!parts.fits());
    parts = {};
    parts.head.indices = offset;
    CHECK(!parts.fits());
  }
  for (const uint32_t samples : {82u, UINT32_MAX}) {
    parts = {};
    parts.head.samples = samples;
    CHECK(!parts.fits());
  }
}

TEST("batch message: rows whose sizes are no row's have no length") {
  const auto bytes_of = [](uint8_t bits, std::vector<int64_t> shape) {
    return TensorField{.type_code = 1, .type_bits = bits, .row_shape = std::move(shape)}.row_bytes();
  };
  CHECK(bytes_of(16, {3, 4}) == 24u);
  CHECK(bytes_of(16, {}) == 2u);
  CHECK(bytes_of(16, {0, 4}) == 0u);
  CHECK(!bytes_of(16, {-1}));
  CHECK(!bytes_of(64, {INT64_MAX, 2}));
  CHECK(!bytes_of(7, {1}));
  CHECK(!bytes_of(0, {1}));
}
