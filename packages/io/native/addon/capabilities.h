// Binds what the core knows of the system.
#pragma once

#include <napi.h>

namespace zc_addon {

// capabilities(path?)
Napi::Value capabilities(const Napi::CallbackInfo& info);

}  // namespace zc_addon
