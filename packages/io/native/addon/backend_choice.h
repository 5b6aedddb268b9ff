// A backend's name, as JavaScript spells it.
#pragma once

#include <string>

#include "core/backend_choice.h"

namespace zc_addon {

inline zc::BackendChoice backend_choice(const std::string& name) {
  if (name == "io_uring") return zc::BackendChoice::io_uring;
  if (name == "threads") return zc::BackendChoice::threads;
  return zc::BackendChoice::automatic;
}

inline const char* backend_name(zc::BackendChoice choice) {
  return choice == zc::BackendChoice::io_uring ? "io_uring" : "threads";
}

}  // namespace zc_addon
