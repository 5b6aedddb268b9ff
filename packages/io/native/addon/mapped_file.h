// Binds zc::MappedFile.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/mapped_file.h"

namespace zc_addon {

// Holds one reference to the map, each window another: the map goes with the last of them.
class MappedFile : public Napi::ObjectWrap<MappedFile> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit MappedFile(const Napi::CallbackInfo& info);

 private:
  static Napi::Value live(const Napi::CallbackInfo& info);
  Napi::Value size_bytes(const Napi::CallbackInfo& info);
  Napi::Value intact_bytes(const Napi::CallbackInfo& info);
  Napi::Value window(const Napi::CallbackInfo& info);
  Napi::Value populate(const Napi::CallbackInfo& info);
  void advise(const Napi::CallbackInfo& info);
  Napi::Value resident_bytes(const Napi::CallbackInfo& info);
  void read(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // False, with the error pending, where the file is closed or the range is not within it.
  bool take_range(const Napi::CallbackInfo& info, const char* operation, uint64_t* offset, uint64_t* length);

  std::shared_ptr<zc::MappedFile> file_;  // null once closed
  uint64_t size_ = 0;
  std::string path_;
};

}  // namespace zc_addon
