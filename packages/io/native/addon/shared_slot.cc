#include "shared_slot.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "environment.h"

namespace zc_addon {
namespace {

class SharedMapping {
 public:
  SharedMapping(void* address, size_t length) : address_(address), length_(length) {}
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;
  ~SharedMapping() { munmap(address_, length_); }

 private:
  void* address_;
  size_t length_;
};

// Only a memfd that is sealed against shrinking: any other file could be cut short under the mapping, and a touch
// behind its end would kill the process.
bool is_sealed(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

}  // namespace

Napi::Value map_shared(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int fd = int_argument(info[0]);
  const uint64_t offset = unsigned_argument(info[1]);
  const uint64_t length = unsigned_argument(info[2]);
  struct stat file {};
  if (!is_sealed(fd) || fstat(fd, &file) != 0) {
    throw_error(env, zc::Error{.code = zc::ErrorCode::argument,
                               .operation = "mapping a slot: the descriptor is not that of a pool's memory"});
    return env.Undefined();
  }
  const auto size = static_cast<uint64_t>(file.st_size);
  if (length == 0 || offset > size || length > size - offset || offset % 4096 != 0) {
    throw_error(env, zc::Error{.code = zc::ErrorCode::argument,
                               .operation = "mapping a slot: the memory has no such range",
                               .expected = static_cast<int64_t>(size)});
    return env.Undefined();
  }
  void* address = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (address == MAP_FAILED) {
    throw_error(env, zc::Error{.code = zc::ErrorCode::map, .sys_errno = errno, .operation = "mapping a slot"});
    return env.Undefined();
  }
  return external_buffer(env, address, length, std::make_shared<SharedMapping>(address, length));
}

}  // namespace zc_addon
