#include "watch.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"
#include "environment.h"

namespace zc_addon {
namespace {

// One uv_poll_t with its callback. It owns itself from start() until the loop has closed the handle, which close() or
// the environment's end asks for.
class Watch {
 public:
  struct Options {
    int fd = -1;
    zc::UniqueFd owned;        // what is to be closed with the watch
    bool drains = false;       // an eventfd: its counter is read before each call
    bool once = false;
  };

  // Null, with the error pending, where the descriptor cannot be watched.
  static std::shared_ptr<Watch> start(Napi::Env env, Options options, Napi::Function callback) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    std::shared_ptr<Watch> watch(new Watch(env, std::move(options), callback));
    if (const int error = uv_poll_init(loop, &watch->handle_, watch->options_.fd); error != 0) {
      throw_error(env, zc::Error{.code = zc::ErrorCode::argument, .sys_errno = -error, .operation = "watching a descriptor"});
      return nullptr;
    }
    watch->self_ = watch;
    watch->handle_.data = watch.get();
    napi_add_async_cleanup_hook(env, on_environment_end, watch.get(), &watch->hook_);
    uv_poll_start(&watch->handle_, UV_READABLE, on_event);
    return watch;
  }

  void close() {
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&handle_))) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
      const std::shared_ptr<Watch> watch = std::move(static_cast<Watch*>(handle->data)->self_);
      watch->options_.owned.reset();
      // The hook keeps an ending environment alive, and with it what these refer to: it goes last.
      const Napi::HandleScope scope(watch->env_);
      watch->callback_.Reset();
      watch->context_.reset();
      napi_remove_async_cleanup_hook(watch->hook_);
    });
  }

 private:
  Watch(napi_env env, Options options, Napi::Function callback)
      : env_(env), options_(std::move(options)), callback_(Napi::Persistent(callback)) {
    context_.emplace(env, "zc.watch");
  }

  static void on_event(uv_poll_t* handle, int, int) {
    const std::shared_ptr<Watch> watch = static_cast<Watch*>(handle->data)->self_;
    if (watch->options_.drains) {
      uint64_t count = 0;
      // Non-blocking or not, libuv has just said that there is something to read.
      if (::read(watch->options_.fd, &count, sizeof count) < 0) return;
    }
    if (watch->options_.once) watch->close();
    const Napi::HandleScope scope(watch->env_);
    watch->call_back();
  }

  void call_back() {
    napi_value ignored = nullptr;
    const napi_status status = napi_make_callback(env_, *context_, Napi::Env(env_).Global(), callback_.Value(), 0, nullptr,
                                                  &ignored);
    if (status != napi_pending_exception) return;
    napi_value thrown = nullptr;
    if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok) napi_fatal_exception(env_, thrown);
  }

  static void on_environment_end(napi_async_cleanup_hook_handle, void* self) { static_cast<Watch*>(self)->close(); }

  const napi_env env_;
  Options options_;
  Napi::FunctionReference callback_;
  std::optional<Napi::AsyncContext> context_;
  uv_poll_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::shared_ptr<Watch> self_;
};

Napi::Value watch_object(Napi::Env env, const std::shared_ptr<Watch>& watch) {
  if (watch == nullptr) return env.Undefined();
  auto object = Napi::Object::New(env);
  object.Set("close", Napi::Function::New(env, [watch](const Napi::CallbackInfo&) { watch->close(); }, "close"));
  return object;
}

bool is_eventfd(int fd) {
  char target[64];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length > 0 && std::string_view(target, static_cast<size_t>(length)) == "anon_inode:[eventfd]";
}

// pidfd_open(2), Linux 5.3. There is no fallback: a number of a process may be given to another one.
zc::UniqueFd open_process(int pid) { return zc::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

}  // namespace

Napi::Value watch_descriptor(const Napi::CallbackInfo& info) {
  const int fd = int_argument(info[0]);
  return watch_object(info.Env(), Watch::start(info.Env(), {.fd = fd, .owned = {}, .drains = is_eventfd(fd)},
                                               info[1].As<Napi::Function>()));
}

Napi::Value watch_process(const Napi::CallbackInfo& info) {
  zc::UniqueFd process = open_process(int_argument(info[0]));
  if (!process) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::argument,
                                      .sys_errno = errno,
                                      .operation = "watching a process"});
    return info.Env().Undefined();
  }
  const int fd = process.get();
  return watch_object(info.Env(), Watch::start(info.Env(), {.fd = fd, .owned = std::move(process), .once = true},
                                               info[1].As<Napi::Function>()));
}

}  // namespace zc_addon
