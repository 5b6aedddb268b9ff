// Binds zc::ReadEngine.
#pragma once

#include <napi.h>

#include <memory>

namespace zc_addon {

class EngineSession;

// Its threads end by close(), by the collection of this object, or with the environment.
class ReadEngine : public Napi::ObjectWrap<ReadEngine> {
 public:
  static Napi::Function define(Napi::Env env);
  // (options, onDone): onDone is called on the JavaScript thread, once for each operation.
  explicit ReadEngine(const Napi::CallbackInfo& info);

 private:
  Napi::Value backend(const Napi::CallbackInfo& info);
  Napi::Value reason(const Napi::CallbackInfo& info);
  Napi::Value open_file(const Napi::CallbackInfo& info);
  void close_file(const Napi::CallbackInfo& info);
  Napi::Value file_size(const Napi::CallbackInfo& info);
  Napi::Value resident_bytes(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  void add_rows(const Napi::CallbackInfo& info);
  Napi::Value read_rows(const Napi::CallbackInfo& info);
  Napi::Value prefetch(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<EngineSession> session_;
};

}  // namespace zc_addon
