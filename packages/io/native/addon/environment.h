// What the addon keeps for one JavaScript environment: the main thread's, or a worker's.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/result.h"
#include "core/thread_pool.h"

namespace zc_addon {

// Lives from the addon's loading in an environment to that environment's end; only on its JavaScript thread.
struct Environment {
  Napi::FunctionReference error_factory;
  Napi::FunctionReference lease_constructor;
  std::shared_ptr<zc::ThreadPool> kernel_threads;  // made when first needed

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

// The error that users see, made by the package's TypeScript. `code` replaces the name of the error's own code.
Napi::Value make_error(Napi::Env env, const zc::Error& error, const char* code = nullptr);

// Leaves the error pending; the caller returns to JavaScript at once.
void throw_error(Napi::Env env, const zc::Error& error, const char* code = nullptr);

// A worker that is terminated while it is in native code stays there, and from one line to the next every call that
// might run JavaScript gives nothing: a property, a conversion, the object behind a wrapper, the wrapping of a new one.
// Napi's conversions of nothing end the process. So these functions take arguments, Unwrap() may give null, and an
// object that IsEmpty() after its wrapping is forgotten by all and must come to own nothing.

// A count or an offset from JavaScript. What is no safe whole number from 0 on becomes UINT64_MAX, which every
// check of a range refuses.
uint64_t unsigned_argument(const Napi::Value& value);
uint64_t unsigned_number(double number);
// The same for what fits 32 bits; what is larger becomes UINT32_MAX.
uint32_t clamped_argument(const Napi::Value& value);
// -1 where it is no number.
int32_t int_argument(const Napi::Value& value);
// False where it is no boolean.
bool flag_argument(const Napi::Value& value);
// Empty where it is no string.
std::string text_argument(const Napi::Value& value);

// What Node makes a buffer of, in every release that is supported: a longer one is refused by Node, which then has
// the finalizer run all the same.
inline constexpr uint64_t buffer_bytes_max = uint64_t{1} << 32;

// An ArrayBuffer on memory that `owner` keeps. The owner is dropped on the JavaScript thread, some time after the
// buffer was detached or collected, or when the environment ends.
template <typename Owner>
Napi::Value external_buffer(Napi::Env env, void* data, size_t length, std::shared_ptr<Owner> owner) {
  if (length == 0) return Napi::ArrayBuffer::New(env, 0);
  if (length > buffer_bytes_max) {
    throw_error(env, zc::Error{.code = zc::ErrorCode::argument,
                               .operation = "making a buffer: it would be longer than Node allows",
                               .expected = static_cast<int64_t>(buffer_bytes_max),
                               .actual = static_cast<int64_t>(length)});
    return env.Undefined();
  }
  using Hint = std::shared_ptr<Owner>;
  auto hint = std::make_unique<Hint>(std::move(owner));
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, data, length, [](napi_env, void*, void* held) { std::unique_ptr<Hint>(static_cast<Hint*>(held)).reset(); },
      hint.get(), &buffer);
  // The buffer's finalizer has it now, or, where Node failed half-way, may have it.
  Hint& held = *hint.release();
  if (status != napi_ok) {
    held.reset();
    throw_error(env, zc::Error{.code = zc::ErrorCode::memory,
                               .operation = "making a buffer on native memory",
                               .expected = static_cast<int64_t>(length)});
    return env.Undefined();
  }
  return {env, buffer};
}

}  // namespace zc_addon
