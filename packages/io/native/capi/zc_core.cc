#include "zc_core.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "../core/crc32c.h"
#include "../core/huge_pages.h"
#include "../core/kernels/gather.h"
#include "../core/kernels/sum64.h"
#include "../core/mapped_file.h"
#include "../core/result.h"
#include "handles.h"

using zc::capi::report;

namespace {

zc::Result<void> check_rows(const zc::MappedFile& file, const uint64_t* offsets, uint64_t count,
                            uint64_t row_bytes) {
  for (uint64_t i = 0; i < count; i++) {
    if (row_bytes <= file.size() && offsets[i] <= file.size() - row_bytes) continue;
    return zc::Error{.code = zc::ErrorCode::argument,
                     .operation = "gather: row " + std::to_string(i) + " of " + std::to_string(row_bytes) +
                                  " bytes ends behind the end of the file",
                     .path = file.path(),
                     .offset = static_cast<int64_t>(offsets[i]),
                     .expected = static_cast<int64_t>(file.size())};
  }
  return {};
}

}  // namespace

extern "C" {

uint32_t zc_abi_version(void) { return 4; }
const char* zc_version(void) { return "0.1.0"; }
const char* zc_error_name(int32_t code) { return zc::error_name(static_cast<zc::ErrorCode>(code)); }

int32_t zc_map_open(const char* path, zc_map** map, zc_error* error) {
  auto opened = zc::MappedFile::open(path);
  if (!opened) return report(opened.error(), error);
  *map = std::make_unique<zc_map>(zc_map{std::move(opened).value()}).release();
  return 0;
}

void* zc_map_address(const zc_map* map) { return map->file->address(); }
uint64_t zc_map_size(const zc_map* map) { return map->file->size(); }
int32_t zc_map_poisoned(const zc_map* map) {
  // Who asks is about to touch the map, or just has.
  zc::SigbusGuard::renew_now_and_then();
  return map->file->poisoned() ? 1 : 0;
}
int32_t zc_map_check(const zc_map* map, zc_error* error) {
  zc::SigbusGuard::renew_now_and_then();
  return report(map->file->check(), error);
}
void zc_map_close(zc_map* map) { const std::unique_ptr<zc_map> ended(map); }

int32_t zc_map_populate(zc_map* map, uint64_t offset, uint64_t length, zc_error* error) {
  return report(map->file->populate(offset, length), error);
}

int32_t zc_map_willneed(zc_map* map, uint64_t offset, uint64_t length, zc_error* error) {
  return report(map->file->advise(offset, length, zc::Advice::willneed), error);
}

int32_t zc_map_resident(const zc_map* map, uint64_t offset, uint64_t length, uint64_t* bytes, zc_error* error) {
  const auto resident = map->file->resident(offset, length);
  if (!resident) return report(resident.error(), error);
  *bytes = resident.value();
  return 0;
}

uint32_t zc_crc32c(const void* data, uint64_t length, uint32_t seed) { return zc::crc32c(data, length, seed); }
uint64_t zc_sum64(const void* data, uint64_t length) { return zc::sum64(data, length); }

int32_t zc_gather(const zc_map* map, const uint64_t* offsets, uint64_t count, uint64_t row_bytes,
                  void* destination, zc_error* error) {
  const zc::MappedFile& file = *map->file;
  if (auto checked = check_rows(file, offsets, count, row_bytes); !checked) return report(checked, error);
  zc::SigbusGuard::renew();
  zc::gather_rows(file.address(), offsets, count, row_bytes, static_cast<std::byte*>(destination), nullptr);
  return report(file.check(), error);
}

int32_t zc_memfd_map(int fd, uint64_t length, void** address, zc_error* error) {
  struct stat status;
  if (::fstat(fd, &status) != 0) {
    return report(zc::Error{.code = zc::ErrorCode::map, .sys_errno = errno, .operation = "stat of a segment"}, error);
  }
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return report(zc::Error{.code = zc::ErrorCode::map,
                            .operation = "a segment that is not a memfd sealed against shrinking"},
                  error);
  }
  if (length == 0 || static_cast<uint64_t>(status.st_size) < length) {
    return report(zc::Error{.code = zc::ErrorCode::map,
                            .operation = "size of a segment",
                            .expected = static_cast<int64_t>(length),
                            .actual = status.st_size},
                  error);
  }
  void* mapped = zc::map_aligned(length, MAP_SHARED, fd);
  if (mapped == MAP_FAILED) {
    return report(zc::Error{.code = zc::ErrorCode::map, .sys_errno = errno, .operation = "map of a segment"}, error);
  }
  *address = mapped;
  return 0;
}

int32_t zc_memfd_unmap(void* address, uint64_t length, zc_error* error) {
  if (::munmap(address, length) == 0) return 0;
  return report(zc::Error{.code = zc::ErrorCode::map, .sys_errno = errno, .operation = "unmap of a segment"}, error);
}

void zc_slot_release(void* control_word, uint32_t generation) {
  if (control_word == nullptr) return;
  std::atomic_ref<uint32_t>(*static_cast<uint32_t*>(control_word)).store(generation, std::memory_order_release);
}

}  // extern "C"
