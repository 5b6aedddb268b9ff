// A frame of whatever bytes: refused, or decoded to just the length that its row has.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../core/kernels/zstd_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  // The first two bytes are the row's length; the rest is its frame. Nothing lies behind the row but the sanitizer.
  const size_t row_bytes = data[0] | (size_t{data[1]} << 8);
  const size_t frame_bytes = size - 2;
  const std::unique_ptr<std::byte[]> slot(new std::byte[frame_bytes + row_bytes]);
  std::memcpy(slot.get(), data + 2, frame_bytes);
  zc::ZstdStep::Row row;
  row.source_length = frame_bytes;
  row.target = frame_bytes;
  row.target_length = row_bytes;
  const auto done = zc::decode_zstd_row(row, slot.get());
  if (!done && done.error().code != zc::ErrorCode::argument) std::abort();
  if (std::memcmp(slot.get(), data + 2, frame_bytes) != 0) std::abort();
  return 0;
}

// Starts from a frame that decodes, for none is found by chance.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed);
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (seed % 16 != 0) return LLVMFuzzerMutate(data, size, max_size);
  std::byte row[600];
  for (size_t i = 0; i < sizeof row; i++) row[i] = static_cast<std::byte>((i * (seed >> 4)) >> 3);
  const size_t row_bytes = (seed >> 8) % sizeof row;
  const auto frame = zc::compress_zstd(row, row_bytes, 1 + static_cast<int>(seed >> 4) % 19);
  if (!frame || frame.value().size() + 2 > max_size) return LLVMFuzzerMutate(data, size, max_size);
  data[0] = static_cast<uint8_t>(row_bytes);
  data[1] = static_cast<uint8_t>(row_bytes >> 8);
  std::memcpy(data + 2, frame.value().data(), frame.value().size());
  return frame.value().size() + 2;
}
