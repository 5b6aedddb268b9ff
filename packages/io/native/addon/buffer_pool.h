// Binds zc::BufferPool.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "lease.h"

namespace zc_addon {

class BufferPool : public Napi::ObjectWrap<BufferPool> {
 public:
  static Napi::Function define(Napi::Env env);
  // (options, onFree): onFree is called on the JavaScript thread after slots were freed while `waiting` was set.
  explicit BufferPool(const Napi::CallbackInfo& info);

 private:
  Napi::Value slot_bytes(const Napi::CallbackInfo& info);
  Napi::Value capacity(const Napi::CallbackInfo& info);
  Napi::Value leased(const Napi::CallbackInfo& info);
  Napi::Value waiting(const Napi::CallbackInfo& info);
  void set_waiting(const Napi::CallbackInfo& info, const Napi::Value& value);
  Napi::Value acquire(const Napi::CallbackInfo& info);
  Napi::Value grow(const Napi::CallbackInfo& info);
  Napi::Value segments(const Napi::CallbackInfo& info);
  Napi::Value released_generation(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // Null where the pool is closed and its memory gone; an error is pending then.
  std::shared_ptr<zc::BufferPool> core_or_throw(const Napi::CallbackInfo& info);

  std::shared_ptr<SharedPool> pool_;     // null once closed
  std::weak_ptr<SharedPool> seen_;       // the same, while leases keep it
  uint64_t slot_bytes_ = 0;
};

}  // namespace zc_addon
