// Maps a part of a memfd into this environment: how a worker thread sees another thread's slots.
#pragma once

#include <napi.h>

namespace zc_addon {

// (fd, offset, length): an external ArrayBuffer on a shared, writable mapping of its own, which goes with it.
Napi::Value map_shared(const Napi::CallbackInfo& info);

}  // namespace zc_addon
