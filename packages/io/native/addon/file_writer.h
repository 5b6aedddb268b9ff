// Binds zc::FileWriter.
#pragma once

#include <napi.h>

#include <memory>

namespace zc_addon {

// What is open of it goes by finish(), abort(), the collection of this object, or with the environment.
class FileWriter : public Napi::ObjectWrap<FileWriter> {
 public:
  static Napi::Function define(Napi::Env env);
  // (path, options, onRoom): onRoom is called on the JavaScript thread, after an append() that did not take all.
  explicit FileWriter(const Napi::CallbackInfo& info);

 private:
  class Session;

  Napi::Value backend(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  Napi::Value finish(const Napi::CallbackInfo& info);
  Napi::Value abort(const Napi::CallbackInfo& info);

  std::shared_ptr<Session> session_;
};

}  // namespace zc_addon
