#include "result.h"

#include <cstdio>
#include <cstring>

namespace zc {

const char* error_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::ok: return "";
    case ErrorCode::argument: return "ZC_ARGUMENT";
    case ErrorCode::aborted: return "ZC_ABORTED";
    case ErrorCode::memory_budget: return "ZC_MEMORY_BUDGET";
    case ErrorCode::internal: return "ZC_INTERNAL";
    case ErrorCode::open: return "ZC_IO_OPEN";
    case ErrorCode::read: return "ZC_IO_READ";
    case ErrorCode::short_read: return "ZC_IO_SHORT_READ";
    case ErrorCode::checksum: return "ZC_IO_CHECKSUM";
    case ErrorCode::poisoned: return "ZC_IO_POISONED";
    case ErrorCode::map: return "ZC_IO_MAP";
    case ErrorCode::memory: return "ZC_IO_MEMORY";
    case ErrorCode::closed: return "ZC_IO_CLOSED";
    case ErrorCode::ring_refused: return "ZC_IO_RING_REFUSED";
    case ErrorCode::write: return "ZC_IO_WRITE";
    case ErrorCode::exists: return "ZC_IO_EXISTS";
  }
  return "ZC_INTERNAL";
}

std::string describe_errno(int sys_errno) {
  const char* words = strerrordesc_np(sys_errno);
  const char* name = strerrorname_np(sys_errno);
  if (words == nullptr || name == nullptr) return "error " + std::to_string(sys_errno);
  return std::string(words) + " (" + name + ")";
}

namespace {

std::string number(int64_t value, bool as_checksum) {
  if (!as_checksum) return std::to_string(value);
  char text[9];
  snprintf(text, sizeof text, "%08x", static_cast<uint32_t>(value));
  return text;
}

}  // namespace

std::string describe(const Error& error) {
  std::string text;
  if (!error.path.empty()) {
    text += error.path;
    if (error.offset >= 0) text += " @ " + std::to_string(error.offset);
    text += ": ";
  }
  text += error.operation;
  if (error.sys_errno != 0) text += ": " + describe_errno(error.sys_errno);
  const bool as_checksum = error.code == ErrorCode::checksum;
  if (error.expected >= 0) text += ", expected " + number(error.expected, as_checksum);
  if (error.actual >= 0) text += ", found " + number(error.actual, as_checksum);
  return text;
}

}  // namespace zc
