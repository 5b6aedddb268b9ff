// A doorbell for the JavaScript thread, to be rung from any thread.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

namespace zc_addon {

// Rings that come before the first of them was answered are answered together. After the environment's end, or
// after close(), ringing does nothing: a thread of the core may outlive the JavaScript that started it.
//
// Unless held, it does not keep the event loop alive.
class Wakeup {
 public:
  using Answer = std::function<void(Napi::Env)>;

  // Null, with a JavaScript exception pending, where the environment refuses.
  static std::shared_ptr<Wakeup> create(Napi::Env env, const char* name, Answer answer);
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup();

  void ring() noexcept;

  // The rest only on the JavaScript thread.
  void hold() noexcept;
  void let_go() noexcept;
  void close() noexcept;

 private:
  explicit Wakeup(napi_env env, Answer answer) : env_(env), answer_(std::move(answer)) {}
  static void answer_on_javascript_thread(napi_env env, napi_value, void* context, void*);
  static void on_environment_end(void* self);
  void forget() noexcept;

  const napi_env env_;
  const Answer answer_;
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;  // null once closed
  bool rung_ = false;
};

}  // namespace zc_addon
