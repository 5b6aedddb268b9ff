#include "mapped_file.h"

#include <map>
#include <string>
#include <utility>

#include "environment.h"
#include "promise_task.h"

namespace zc_addon {

Napi::Function MappedFile::define(Napi::Env env) {
  return DefineClass(env, "MappedFile",
                     {
                         InstanceAccessor<&MappedFile::size_bytes>("sizeBytes"),
                         InstanceMethod<&MappedFile::intact_bytes>("intactBytes"),
                         InstanceMethod<&MappedFile::window>("window"),
                         InstanceMethod<&MappedFile::populate>("populate"),
                         InstanceMethod<&MappedFile::advise>("advise"),
                         InstanceMethod<&MappedFile::resident_bytes>("residentBytes"),
                         InstanceMethod<&MappedFile::read>("read"),
                         InstanceMethod<&MappedFile::close>("close"),
                         StaticAccessor<&MappedFile::live>("live"),
                     });
}

MappedFile::MappedFile(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (IsEmpty()) return;
  path_ = text_argument(info[0]);
  auto opened = zc::MappedFile::open(path_);
  if (!opened) {
    throw_error(info.Env(), opened.error());
    return;
  }
  file_ = std::move(opened).value();
  size_ = file_->size();
}

Napi::Value MappedFile::size_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(size_));
}

Napi::Value MappedFile::live(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(zc::MappedFile::live()));
}

Napi::Value MappedFile::intact_bytes(const Napi::CallbackInfo& info) {
  const auto& intact = file_->intact();
  return external_buffer(info.Env(), intact.get(), sizeof *intact, intact);
}

Napi::Value MappedFile::window(const Napi::CallbackInfo& info) {
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!take_range(info, "mapping a window", &offset, &length)) return info.Env().Undefined();
  zc::SigbusGuard::renew_now_and_then();
  return external_buffer(info.Env(), file_->address() + offset, length, file_);
}

Napi::Value MappedFile::populate(const Napi::CallbackInfo& info) {
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!take_range(info, "populating", &offset, &length)) return info.Env().Undefined();
  return run_as_promise(
      info.Env(), "zc.populate", [file = file_, offset, length] { return file->populate(offset, length); },
      [](napi_env env) -> napi_value { return Napi::Env(env).Undefined(); });
}

void MappedFile::advise(const Napi::CallbackInfo& info) {
  static const std::map<std::string, zc::Advice, std::less<>> kAdvice = {
      {"normal", zc::Advice::normal},         {"random", zc::Advice::random},
      {"sequential", zc::Advice::sequential}, {"willneed", zc::Advice::willneed},
      {"dontneed", zc::Advice::dontneed},
  };
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!take_range(info, "advising", &offset, &length)) return;
  const auto advice = kAdvice.find(text_argument(info[2]));
  if (advice == kAdvice.end()) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::argument,
                                      .operation = "advising: the advice is none of madvise(2)'s",
                                      .path = path_});
    return;
  }
  const auto advised = file_->advise(offset, length, advice->second);
  if (!advised) throw_error(info.Env(), advised.error());
}

Napi::Value MappedFile::resident_bytes(const Napi::CallbackInfo& info) {
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!take_range(info, "asking what is resident", &offset, &length)) return info.Env().Undefined();
  const auto resident = file_->resident(offset, length);
  if (!resident) {
    throw_error(info.Env(), resident.error());
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), static_cast<double>(resident.value()));
}

// Into an array of JavaScript's: one that is too large ends the process where native code asks for it.
void MappedFile::read(const Napi::CallbackInfo& info) {
  auto target = info[1].As<Napi::Uint8Array>();
  const auto done = file_ == nullptr
                        ? zc::Error{.code = zc::ErrorCode::closed, .operation = "reading", .path = path_}
                        : file_->read(unsigned_argument(info[0]), target.ByteLength(), target.Data());
  if (!done) throw_error(info.Env(), done.error());
}

void MappedFile::close(const Napi::CallbackInfo&) { file_.reset(); }

bool MappedFile::take_range(const Napi::CallbackInfo& info, const char* operation, uint64_t* offset,
                            uint64_t* length) {
  if (file_ == nullptr) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::closed, .operation = operation, .path = path_});
    return false;
  }
  *offset = unsigned_argument(info[0]);
  *length = unsigned_argument(info[1]);
  if (*offset > size_ || *length > size_ - *offset) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::argument,
                                      .operation = std::string(operation) + ": the range is not within the file",
                                      .path = path_,
                                      .expected = static_cast<int64_t>(size_)});
    return false;
  }
  return true;
}

}  // namespace zc_addon
