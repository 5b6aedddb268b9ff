// Work on a thread of libuv's pool, with a promise for its end.
#pragma once

#include <napi.h>

#include <functional>

#include "core/result.h"

namespace zc_addon {

// Runs `work` off the JavaScript thread. The promise is resolved with what `settle` makes of a success (called on
// the JavaScript thread), or rejected with the error. An environment that ends meanwhile waits for the work.
Napi::Value run_as_promise(Napi::Env env, const char* name, std::function<zc::Result<void>()> work,
                           std::function<napi_value(napi_env)> settle);

}  // namespace zc_addon
