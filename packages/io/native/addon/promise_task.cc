#include "promise_task.h"

#include <memory>
#include <utility>

#include "environment.h"

namespace zc_addon {
namespace {

struct Task {
  std::function<zc::Result<void>()> work;
  std::function<napi_value(napi_env)> settle;
  zc::Result<void> result;
  napi_deferred deferred = nullptr;
  napi_async_work handle = nullptr;
};

// Statuses are ignored here: an environment that is ending refuses every call, and nobody waits any more.
void complete(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Task> task(static_cast<Task*>(data));
  const Napi::HandleScope scope(env);
  if (task->result.ok()) {
    napi_resolve_deferred(env, task->deferred, task->settle(env));
  } else {
    napi_reject_deferred(env, task->deferred, make_error(env, task->result.error()));
  }
  napi_delete_async_work(env, task->handle);
}

}  // namespace

Napi::Value run_as_promise(Napi::Env env, const char* name, std::function<zc::Result<void>()> work,
                           std::function<napi_value(napi_env)> settle) {
  auto task = std::make_unique<Task>();
  task->work = std::move(work);
  task->settle = std::move(settle);
  napi_value promise = nullptr;
  napi_create_promise(env, &task->deferred, &promise);
  napi_create_async_work(
      env, nullptr, Napi::String::New(env, name),
      [](napi_env, void* data) {
        auto* running = static_cast<Task*>(data);
        running->result = running->work();
      },
      complete, task.get(), &task->handle);
  napi_queue_async_work(env, task->handle);
  static_cast<void>(task.release());  // complete() has it now
  return {env, promise};
}

}  // namespace zc_addon
