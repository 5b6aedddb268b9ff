#include "read_engine.h"

#include <string>
#include <utility>

#include "backend_choice.h"
#include "engine_session.h"
#include "environment.h"
#include "promise_task.h"
#include "row_table.h"

namespace zc_addon {

Napi::Function ReadEngine::define(Napi::Env env) {
  return DefineClass(env, "ReadEngine",
                     {
                         InstanceAccessor<&ReadEngine::backend>("backend"),
                         InstanceAccessor<&ReadEngine::reason>("reason"),
                         InstanceMethod<&ReadEngine::open_file>("openFile"),
                         InstanceMethod<&ReadEngine::close_file>("closeFile"),
                         InstanceMethod<&ReadEngine::file_size>("fileSize"),
                         InstanceMethod<&ReadEngine::resident_bytes>("residentBytes"),
                         InstanceMethod<&ReadEngine::read>("read"),
                         InstanceMethod<&ReadEngine::add_rows>("addRows"),
                         InstanceMethod<&ReadEngine::read_rows>("readRows"),
                         InstanceMethod<&ReadEngine::prefetch>("prefetch"),
                         InstanceMethod<&ReadEngine::cancel>("cancel"),
                         InstanceMethod<&ReadEngine::stats>("stats"),
                         InstanceMethod<&ReadEngine::close>("close"),
                     });
}

ReadEngine::ReadEngine(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (IsEmpty()) return;
  const auto asked = info[0].As<Napi::Object>();
  zc::ReadEngine::Options options;
  options.backend = backend_choice(text_argument(asked.Get("backend")));
  options.depth = clamped_argument(asked.Get("depth"));
  options.threads = clamped_argument(asked.Get("threads"));
  options.helpers = clamped_argument(asked.Get("helpers"));
  options.max_staging_bytes = unsigned_argument(asked.Get("maxStagingBytes"));
  options.close_timeout_ms = clamped_argument(asked.Get("closeTimeoutMs"));
  options.faults = text_argument(asked.Get("faults"));
  session_ = EngineSession::create(info.Env(), options, info[1].As<Napi::Function>());
}

Napi::Value ReadEngine::backend(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), backend_name(session_->engine().backend()));
}

Napi::Value ReadEngine::reason(const Napi::CallbackInfo& info) {
  const std::string& reason = session_->engine().reason();
  if (reason.empty()) return info.Env().Undefined();
  return Napi::String::New(info.Env(), reason);
}

Napi::Value ReadEngine::open_file(const Napi::CallbackInfo& info) {
  const auto file = session_->engine().open_file(text_argument(info[0]));
  if (file) return Napi::Number::New(info.Env(), file.value());
  throw_error(info.Env(), file.error());
  return info.Env().Undefined();
}

void ReadEngine::close_file(const Napi::CallbackInfo& info) {
  const auto closed = session_->engine().close_file(clamped_argument(info[0]));
  if (!closed) throw_error(info.Env(), closed.error());
}

Napi::Value ReadEngine::file_size(const Napi::CallbackInfo& info) {
  const auto size = session_->engine().file_size(clamped_argument(info[0]));
  if (size) return Napi::Number::New(info.Env(), static_cast<double>(size.value()));
  throw_error(info.Env(), size.error());
  return info.Env().Undefined();
}

Napi::Value ReadEngine::resident_bytes(const Napi::CallbackInfo& info) {
  const auto bytes = session_->engine().resident(clamped_argument(info[0]), unsigned_argument(info[1]),
                                                 unsigned_argument(info[2]));
  if (bytes) return Napi::Number::New(info.Env(), static_cast<double>(bytes.value()));
  throw_error(info.Env(), bytes.error());
  return info.Env().Undefined();
}

Napi::Value ReadEngine::read(const Napi::CallbackInfo& info) {
  const auto* target = LeaseObject::Unwrap(info[0].As<Napi::Object>());
  if (target == nullptr) return info.Env().Undefined();
  const auto plan = info[1].As<Napi::Float64Array>();
  const auto failures = flag_argument(info[2]) ? zc::ReadFailures::collect : zc::ReadFailures::first;
  const auto operation = session_->read(target->lease(), plan.Data(), plan.ElementLength(), failures);
  if (operation) return Napi::Number::New(info.Env(), static_cast<double>(operation.value()));
  throw_error(info.Env(), operation.error());
  return info.Env().Undefined();
}

void ReadEngine::add_rows(const Napi::CallbackInfo& info) {
  const auto* rows = RowTable::Unwrap(info[0].As<Napi::Object>());
  if (rows == nullptr) return;
  const auto added = session_->engine().add_rows(rows->table(), unsigned_argument(info[1]), clamped_argument(info[2]),
                                                 row_columns(info[3].As<Napi::Array>()));
  if (!added) throw_error(info.Env(), added.error());
}

Napi::Value ReadEngine::read_rows(const Napi::CallbackInfo& info) {
  const auto* target = LeaseObject::Unwrap(info[0].As<Napi::Object>());
  const auto* rows = RowTable::Unwrap(info[1].As<Napi::Object>());
  if (target == nullptr || rows == nullptr) return info.Env().Undefined();
  const auto numbers = info[2].As<Napi::Float64Array>();
  const auto places = info[3].As<Napi::Float64Array>();
  const auto operation = session_->read_rows(target->lease(), *rows->table(), {numbers.Data(), numbers.ElementLength()},
                                             {places.Data(), places.ElementLength()});
  if (operation) return Napi::Number::New(info.Env(), static_cast<double>(operation.value()));
  throw_error(info.Env(), operation.error());
  return info.Env().Undefined();
}

Napi::Value ReadEngine::prefetch(const Napi::CallbackInfo& info) {
  const auto numbers = info[1].As<Napi::Float64Array>();
  std::vector<zc::FileRange> ranges(numbers.ElementLength() / 2);
  for (size_t i = 0; i < ranges.size(); i++) {
    ranges[i] = {unsigned_number(numbers[2 * i]), unsigned_number(numbers[2 * i + 1])};
  }
  const auto operation = session_->prefetch(clamped_argument(info[0]), std::move(ranges));
  if (operation) return Napi::Number::New(info.Env(), static_cast<double>(operation.value()));
  throw_error(info.Env(), operation.error());
  return info.Env().Undefined();
}

void ReadEngine::cancel(const Napi::CallbackInfo& info) { session_->cancel(unsigned_argument(info[0])); }

Napi::Value ReadEngine::stats(const Napi::CallbackInfo& info) {
  const zc::ReadEngineStats stats = session_->engine().stats();
  auto object = Napi::Object::New(info.Env());
  const auto set = [&object](const char* name, uint64_t value) { object.Set(name, static_cast<double>(value)); };
  set("batchesInFlight", stats.batches_in_flight);
  set("batchesDone", stats.batches_done);
  set("reads", stats.reads);
  set("readsDirect", stats.reads_direct);
  set("bytesRead", stats.bytes_read);
  set("bytesFromMap", stats.bytes_from_map);
  set("stagingBytes", stats.staging_bytes);
  set("directRefused", stats.direct_refused);
  return object;
}

Napi::Value ReadEngine::close(const Napi::CallbackInfo& info) {
  session_->begin_close();
  auto clean = std::make_shared<bool>(false);
  return run_as_promise(
      info.Env(), "zc.closeEngine",
      [session = session_, clean]() -> zc::Result<void> {
        *clean = session->engine().close();
        return {};
      },
      [session = session_, clean](napi_env env) -> napi_value {
        session->deliver_done(env);
        session->end_close(env);
        return Napi::Boolean::New(env, *clean);
      });
}

}  // namespace zc_addon
