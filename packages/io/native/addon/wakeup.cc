#include "wakeup.h"

#include <utility>

namespace zc_addon {

std::shared_ptr<Wakeup> Wakeup::create(Napi::Env env, const char* name, Answer answer) {
  // Not make_shared, for the constructor is private.
  std::shared_ptr<Wakeup> wakeup(new Wakeup(env, std::move(answer)));
  // The function holds the object weakly: it may be called once more after the last owner has gone.
  auto context = std::make_unique<std::weak_ptr<Wakeup>>(wakeup);
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, name), 0, 1, context.get(),
      [](napi_env, void* held, void*) {
        std::unique_ptr<std::weak_ptr<Wakeup>>(static_cast<std::weak_ptr<Wakeup>*>(held)).reset();
      },
      context.get(), answer_on_javascript_thread, &wakeup->function_);
  if (status != napi_ok) {
    napi_throw_error(env, nullptr, "the environment makes no thread-safe function");
    return nullptr;
  }
  static_cast<void>(context.release());  // the function's finalizer has it now
  napi_unref_threadsafe_function(env, wakeup->function_);
  // Hooks run in the reverse order of their adding: this one before the function's own, which deletes it.
  napi_add_env_cleanup_hook(env, on_environment_end, wakeup.get());
  return wakeup;
}

Wakeup::~Wakeup() { close(); }

void Wakeup::ring() noexcept {
  const std::lock_guard lock(mutex_);
  if (function_ == nullptr || rung_) return;
  rung_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Wakeup::hold() noexcept {
  if (function_ != nullptr) napi_ref_threadsafe_function(env_, function_);
}

void Wakeup::let_go() noexcept {
  if (function_ != nullptr) napi_unref_threadsafe_function(env_, function_);
}

void Wakeup::close() noexcept {
  if (function_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, on_environment_end, this);
  const napi_threadsafe_function function = function_;
  forget();
  napi_release_threadsafe_function(function, napi_tsfn_abort);
}

void Wakeup::forget() noexcept {
  const std::lock_guard lock(mutex_);
  function_ = nullptr;
}

void Wakeup::on_environment_end(void* self) { static_cast<Wakeup*>(self)->forget(); }

void Wakeup::answer_on_javascript_thread(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  const std::shared_ptr<Wakeup> wakeup = static_cast<std::weak_ptr<Wakeup>*>(context)->lock();
  if (wakeup == nullptr) return;
  {
    const std::lock_guard lock(wakeup->mutex_);
    wakeup->rung_ = false;
  }
  wakeup->answer_(env);
}

}  // namespace zc_addon
