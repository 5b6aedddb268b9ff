// Descriptors and processes watched by the environment's event loop.
#pragma once

#include <napi.h>

namespace zc_addon {

// watchDescriptor(fd, onReadable) and watchProcess(pid, onExit): each gives an object with close().
Napi::Value watch_descriptor(const Napi::CallbackInfo& info);
Napi::Value watch_process(const Napi::CallbackInfo& info);

}  // namespace zc_addon
