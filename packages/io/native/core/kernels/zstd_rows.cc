#include "zstd_rows.h"

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader; the library is linked statically
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>

namespace zc {
namespace {

constexpr uint64_t window_bytes_min = 1024;
constexpr size_t flags_at = 4;
constexpr uint8_t dictionary_bits = 0x03;

struct FreeDecoder {
  void operator()(ZSTD_DCtx* decoder) const { ZSTD_freeDCtx(decoder); }
};

ZSTD_DCtx* decoder_of_thread() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecoder> decoder(ZSTD_createDCtx());
  return decoder.get();
}

Error refused(const ZstdStep::Row& row, const std::string& what, uint64_t expected, uint64_t actual) {
  return Error{.code = ErrorCode::argument,
               .operation = "a zstd row: " + what,
               .offset = static_cast<int64_t>(row.source),
               .expected = static_cast<int64_t>(expected),
               .actual = static_cast<int64_t>(actual)};
}

Result<void> check_frame(const ZstdStep::Row& row, const std::byte* frame) {
  const auto bad = [&row](const char* what) { return refused(row, what, row.target_length, 0); };
  ZSTD_frameHeader header;
  if (ZSTD_getFrameHeader(&header, frame, row.source_length) != 0) return bad("it does not begin as a frame");
  if (header.frameType != ZSTD_frame) return bad("it begins with a skippable frame");
  if ((static_cast<uint8_t>(frame[flags_at]) & dictionary_bits) != 0) return bad("it needs a dictionary");
  if (header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) return bad("it does not tell its content size");
  if (header.frameContentSize != row.target_length) {
    return refused(row, "it claims another content size", row.target_length, header.frameContentSize);
  }
  if (header.windowSize > std::max(row.target_length, window_bytes_min)) {
    return refused(row, "its window is longer than its content", row.target_length, header.windowSize);
  }
  const size_t length = ZSTD_findFrameCompressedSize(frame, row.source_length);
  if (ZSTD_isError(length) != 0) return bad("it is cut short");
  if (length != row.source_length) return refused(row, "something follows its frame", row.source_length, length);
  return {};
}

}  // namespace

size_t ZstdStep::row_bytes() const noexcept {
  if (row_places.empty()) return 0;
  uint64_t bytes = 0;
  for (const Row& row : row_places) bytes += row.source_length + row.target_length;
  return bytes / row_places.size();
}

Result<void> decode_zstd_row(const ZstdStep::Row& row, std::byte* slot) {
  const std::byte* frame = slot + row.source;
  if (Result<void> checked = check_frame(row, frame); !checked.ok()) return checked;
  ZSTD_DCtx* decoder = decoder_of_thread();
  if (decoder == nullptr) return Error{.code = ErrorCode::memory, .operation = "making a zstd decoder"};
  const size_t length = ZSTD_decompressDCtx(decoder, slot + row.target, row.target_length, frame, row.source_length);
  if (ZSTD_isError(length) != 0) {
    return refused(row, std::string("it does not decode: ") + ZSTD_getErrorName(length), row.target_length, 0);
  }
  if (length == row.target_length) return {};
  return refused(row, "it decodes to fewer bytes than it claims", row.target_length, length);
}

const char* zstd_version() noexcept { return ZSTD_versionString(); }

Result<std::vector<std::byte>> compress_zstd(const std::byte* data, size_t length, int level) {
  std::vector<std::byte> frame(ZSTD_compressBound(length));
  const size_t made = ZSTD_compress(frame.data(), frame.size(), data, length, level);
  if (ZSTD_isError(made) != 0) {
    return Error{.code = ErrorCode::memory, .operation = std::string("compressing: ") + ZSTD_getErrorName(made)};
  }
  frame.resize(made);
  return frame;
}

}  // namespace zc
