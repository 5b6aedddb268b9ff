#include "file_writer.h"

#include <string>
#include <utility>

#include "backend_choice.h"
#include "core/file_writer.h"
#include "environment.h"
#include "promise_task.h"
#include "wakeup.h"

namespace zc_addon {
namespace {

// An ending environment, or a collected writer, waits this long for the kernel before memory is left to it.
constexpr uint32_t kEndTimeoutMs = 5000;

Napi::Value written_file(napi_env env, const zc::WrittenFile& written) {
  auto object = Napi::Object::New(env);
  object.Set("bytes", static_cast<double>(written.bytes));
  object.Set("bytesDirect", static_cast<double>(written.bytes_direct));
  object.Set("crc32c", static_cast<double>(written.crc32c));
  return object;
}

}  // namespace

// The writer with the JavaScript that waits for its room. Also held by each finish() and abort() that runs.
class FileWriter::Session {
 public:
  // Null, with a JavaScript exception pending, where the writer cannot be had.
  static std::shared_ptr<Session> create(Napi::Env env, const std::string& path,
                                         const zc::FileWriter::Options& options, Napi::Function on_room) {
    std::shared_ptr<Session> session(new Session(env, on_room));
    session->wakeup_ = Wakeup::create(env, "zc.writeRoom", [weak = std::weak_ptr<Session>(session)](Napi::Env awake) {
      if (const auto alive = weak.lock()) alive->say_that_there_is_room(awake);
    });
    if (session->wakeup_ == nullptr) return nullptr;
    auto writer = zc::FileWriter::create(path, options, [wakeup = session->wakeup_] { wakeup->ring(); });
    if (!writer) {
      throw_error(env, writer.error());
      return nullptr;
    }
    session->writer_ = std::move(writer).value();
    session->backend_ = session->writer_->backend();
    return session;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (!environment_ended_) napi_remove_env_cleanup_hook(env_, on_environment_end, this);
    if (writer_ != nullptr) writer_->abort(kEndTimeoutMs);
    // A write that the system keeps for good may ring it later, from another thread.
    if (wakeup_ != nullptr) wakeup_->close();
  }

  zc::BackendChoice backend() const { return backend_; }
  // Null after end().
  zc::FileWriter* writer() { return writer_.get(); }

  // Once it was finished or aborted: its threads end, its blocks go, and whoever waits for room learns of the end.
  void end(Napi::Env env) {
    writer_.reset();
    say_that_there_is_room(env);
  }

  // Until there is room, the event loop goes on.
  void wait_for_room() {
    if (!std::exchange(waiting_, true)) wakeup_->hold();
  }

 private:
  Session(Napi::Env env, Napi::Function on_room) : env_(env), on_room_(Napi::Persistent(on_room)) {
    napi_add_env_cleanup_hook(env_, on_environment_end, this);
  }

  void say_that_there_is_room(Napi::Env env) {
    if (!std::exchange(waiting_, false)) return;
    wakeup_->let_go();
    const Napi::HandleScope scope(env);
    napi_value ignored = nullptr;
    // Not Napi's own call, which ends the process where an ending environment refuses to run JavaScript.
    napi_call_function(env, env.Undefined(), on_room_.Value(), 0, nullptr, &ignored);
  }

  static void on_environment_end(void* self) {
    auto* session = static_cast<Session*>(self);
    session->environment_ended_ = true;
    if (session->writer_ != nullptr) session->writer_->abort(kEndTimeoutMs);
  }

  const napi_env env_;
  Napi::FunctionReference on_room_;
  std::shared_ptr<Wakeup> wakeup_;
  std::unique_ptr<zc::FileWriter> writer_;
  zc::BackendChoice backend_ = zc::BackendChoice::threads;
  bool waiting_ = false;
  bool environment_ended_ = false;
};

Napi::Function FileWriter::define(Napi::Env env) {
  return DefineClass(env, "FileWriter",
                     {
                         InstanceAccessor<&FileWriter::backend>("backend"),
                         InstanceMethod<&FileWriter::append>("append"),
                         InstanceMethod<&FileWriter::finish>("finish"),
                         InstanceMethod<&FileWriter::abort>("abort"),
                     });
}

FileWriter::FileWriter(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (IsEmpty()) return;
  const auto asked = info[1].As<Napi::Object>();
  zc::FileWriter::Options options;
  options.backend = backend_choice(text_argument(asked.Get("backend")));
  options.blocks = clamped_argument(asked.Get("blocks"));
  options.direct = flag_argument(asked.Get("direct"));
  options.overwrite = flag_argument(asked.Get("overwrite"));
  options.checksum = flag_argument(asked.Get("checksum"));
  session_ = Session::create(info.Env(), text_argument(info[0]), options, info[2].As<Napi::Function>());
}

Napi::Value FileWriter::backend(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), backend_name(session_->backend()));
}

// (chunk, from): how many of the bytes of `chunk` behind `from` were taken.
Napi::Value FileWriter::append(const Napi::CallbackInfo& info) {
  const auto chunk = info[0].As<Napi::Uint8Array>();
  const size_t from = unsigned_argument(info[1]);
  // Who waits for room may find that the chunk was detached meanwhile.
  if (from > chunk.ByteLength()) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::argument,
                                      .operation = "append: the chunk became shorter while it was being appended",
                                      .expected = static_cast<int64_t>(from),
                                      .actual = static_cast<int64_t>(chunk.ByteLength())});
    return info.Env().Undefined();
  }
  const size_t wanted = chunk.ByteLength() - from;
  zc::FileWriter* writer = session_->writer();
  if (writer == nullptr) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::closed, .operation = "append: the file writer is closed"});
    return info.Env().Undefined();
  }
  const auto taken = writer->append(reinterpret_cast<const std::byte*>(chunk.Data()) + from, wanted);
  if (!taken) {
    throw_error(info.Env(), taken.error());
    return info.Env().Undefined();
  }
  if (taken.value() < wanted) session_->wait_for_room();
  return Napi::Number::New(info.Env(), static_cast<double>(taken.value()));
}

Napi::Value FileWriter::finish(const Napi::CallbackInfo& info) {
  auto written = std::make_shared<zc::WrittenFile>();
  return run_as_promise(
      info.Env(), "zc.finishFile",
      [session = session_, written]() -> zc::Result<void> {
        auto finished = session->writer()->finish();
        if (!finished) return std::move(finished).error();
        *written = finished.value();
        return {};
      },
      [session = session_, written](napi_env env) -> napi_value { return written_file(env, *written); });
}

Napi::Value FileWriter::abort(const Napi::CallbackInfo& info) {
  auto clean = std::make_shared<bool>(false);
  return run_as_promise(
      info.Env(), "zc.abortFile",
      [session = session_, clean, timeout_ms = clamped_argument(info[0])]() -> zc::Result<void> {
        *clean = session->writer()->abort(timeout_ms);
        return {};
      },
      [session = session_, clean](napi_env env) -> napi_value {
        session->end(env);
        return Napi::Boolean::New(env, *clean);
      });
}

}  // namespace zc_addon
