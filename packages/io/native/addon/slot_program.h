// Binds the kernels that work on slots.
#pragma once

#include <napi.h>

namespace zc_addon {

// (lease, program): a promise for its end. The program is taken over before this returns; the slot is not reused
// before it has run, even where its lease ends first.
Napi::Value run_slot_program(const Napi::CallbackInfo& info);

}  // namespace zc_addon
