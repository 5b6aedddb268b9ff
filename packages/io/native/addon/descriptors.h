// What the bridge to another process needs of file descriptors and Node does not offer.
#pragma once

#include <napi.h>

namespace zc_addon {

// sendDescriptors(socketFd, payload, fds)
Napi::Value send_descriptors(const Napi::CallbackInfo& info);

}  // namespace zc_addon
