#include <algorithm>
#include <array>
#include <string>

#include "../core/kernels/gather.h"
#include "../core/sigbus_guard.h"
#include "handles.h"
#include "zc_core.h"

namespace {

// Ranges are copied in groups whose list lies on the stack, and compared while they are warm.
constexpr uint64_t group_ranges = 256;

uint64_t length_of(const zc_ranges& ranges, uint64_t i) {
  return ranges.lengths == nullptr ? ranges.length : ranges.lengths[i];
}

uint64_t place_of(const zc_ranges& ranges, uint64_t i) {
  return ranges.places == nullptr ? i * ranges.length : ranges.places[i];
}

bool is_checked(const zc_ranges& ranges, uint64_t i) {
  return ranges.checksums != nullptr && (ranges.checked == nullptr || ranges.checked[i] != 0);
}

bool fits(uint64_t at, uint64_t length, uint64_t size) { return length <= size && at <= size - length; }

zc::Error error_of(const zc_ranges& ranges, uint64_t i, zc::ErrorCode code, const char* what) {
  return zc::Error{.code = code,
                   .operation = "gather: range " + std::to_string(i) + " of " +
                                std::to_string(length_of(ranges, i)) + " bytes " + what,
                   .path = ranges.maps[i]->file->path(),
                   .offset = static_cast<int64_t>(ranges.offsets[i])};
}

zc::Result<void> check_bounds(const zc_ranges& ranges) {
  for (uint64_t i = 0; i < ranges.count; i++) {
    const uint64_t length = length_of(ranges, i);
    if (!fits(ranges.offsets[i], length, ranges.maps[i]->file->size())) {
      return error_of(ranges, i, zc::ErrorCode::argument, "ends behind the end of the file");
    }
    if (ranges.destination != nullptr && !fits(place_of(ranges, i), length, ranges.destination_bytes)) {
      return error_of(ranges, i, zc::ErrorCode::argument, "ends behind the end of the destination");
    }
  }
  return {};
}

zc::CopyRow row_of(const zc_ranges& ranges, uint64_t i) {
  auto* destination = static_cast<std::byte*>(ranges.destination);
  return {.source = ranges.maps[i]->file->address() + ranges.offsets[i],
          .destination = destination == nullptr ? nullptr : destination + place_of(ranges, i),
          .length = length_of(ranges, i),
          .checked = is_checked(ranges, i)};
}

zc::Result<void> compare(const zc_ranges& ranges, uint64_t i, const zc::CopyRow& row) {
  // Zeros that stand for a missing page would fail the checksum too, but this is the truer word for it.
  if (auto checked = ranges.maps[i]->file->check(); !checked) return checked;
  if (!row.checked || row.crc32c == ranges.checksums[i]) return {};
  zc::Error error = error_of(ranges, i, zc::ErrorCode::checksum, "has another CRC32C than was recorded");
  error.expected = ranges.checksums[i];
  error.actual = row.crc32c;
  return error;
}

}  // namespace

int32_t zc_gather_ranges(const zc_ranges* ranges, uint64_t* bad_range, zc_error* error) {
  if (auto checked = check_bounds(*ranges); !checked) return zc::capi::report(checked, error);
  zc::SigbusGuard::renew();
  std::array<zc::CopyRow, group_ranges> rows;
  for (uint64_t first = 0; first < ranges->count; first += group_ranges) {
    const uint64_t count = std::min(group_ranges, ranges->count - first);
    for (uint64_t i = 0; i < count; i++) rows[i] = row_of(*ranges, first + i);
    zc::gather(rows.data(), count);
    for (uint64_t i = 0; i < count; i++) {
      if (auto compared = compare(*ranges, first + i, rows[i]); !compared) {
        if (bad_range != nullptr) *bad_range = first + i;
        return zc::capi::report(compared, error);
      }
    }
  }
  return 0;
}
