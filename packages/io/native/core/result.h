// How every function of the core says that it failed: a value, never an exception.
//
// Functions of the core are noexcept at its boundary. The one thing that still ends the process is a failed
// small allocation of the C++ library itself; large memory is always asked for with mmap and reported.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace zc {

// One value for each code of the packages' error table that the core can meet. The numbers are part of the
// C ABI (zc_core.h): add at the end, never renumber.
enum class ErrorCode : int32_t {
  ok = 0,
  argument = 1,       // ZC_ARGUMENT: a bad plan, an unknown file handle, a range outside a file
  aborted = 2,        // ZC_ABORTED: the batch was cancelled, or its engine closed
  memory_budget = 3,  // ZC_MEMORY_BUDGET: the pool may not grow further
  internal = 4,       // ZC_INTERNAL
  open = 5,           // ZC_IO_OPEN
  read = 6,           // ZC_IO_READ
  short_read = 7,     // ZC_IO_SHORT_READ: the file ended before the bytes that were asked for
  checksum = 8,       // ZC_IO_CHECKSUM
  poisoned = 9,       // ZC_IO_POISONED
  map = 10,           // ZC_IO_MAP
  memory = 11,        // ZC_IO_MEMORY
  closed = 12,        // ZC_IO_CLOSED
  ring_refused = 13,  // ZC_IO_RING_REFUSED: io_uring was asked for by name and cannot be had
  write = 14,         // ZC_IO_WRITE
  exists = 15,        // ZC_IO_EXISTS: what was to be written is there already
};

// The public spelling, e.g. "ZC_IO_READ"; "" for ok, "ZC_INTERNAL" for a number that is none of ours.
const char* error_name(ErrorCode code) noexcept;

// Numbers that do not apply are -1.
struct Error {
  ErrorCode code = ErrorCode::internal;
  int sys_errno = 0;          // 0: the system reported no error number
  std::string operation{};    // what was being done, in words that fit "<operation> failed"
  std::string path{};         // empty where no file is concerned
  int64_t offset = -1;        // in the file, bytes
  int64_t expected = -1;      // bytes, or a CRC32C where the code is checksum
  int64_t actual = -1;
  double tag = -1;            // the plan's tag of the piece that failed
};

// "<path> @ <offset>: <what, with expected and found>". It names neither the code nor the next step.
std::string describe(const Error& error);

// "Input/output error (EIO)".
std::string describe_errno(int sys_errno);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Only where ok().
  T& value() & noexcept { return *std::get_if<0>(&state_); }
  const T& value() const& noexcept { return *std::get_if<0>(&state_); }
  T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & noexcept { return value(); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }

  // Only where not ok().
  const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}

  bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  const Error& error() const& noexcept { return error_; }
  Error&& error() && noexcept { return std::move(error_); }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace zc
