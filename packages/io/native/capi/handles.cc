#include "handles.h"

#include <algorithm>
#include <cstring>

namespace zc::capi {

int32_t report(const Error& failure, zc_error* error) {
  if (error != nullptr) {
    error->code = static_cast<int32_t>(failure.code);
    error->sys_errno = failure.sys_errno;
    error->offset = static_cast<uint64_t>(failure.offset);
    const std::string text = describe(failure);
    const size_t length = std::min(text.size(), sizeof error->message - 1);
    std::memcpy(error->message, text.data(), length);
    error->message[length] = '\0';
  }
  return static_cast<int32_t>(failure.code);
}

int32_t report(const Result<void>& result, zc_error* error) {
  return result.ok() ? 0 : report(result.error(), error);
}

}  // namespace zc::capi
