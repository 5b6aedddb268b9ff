// What the functions of the C ABI share: the map behind a handle, and how an error is told.
#pragma once

#include <cstdint>
#include <memory>

#include "../core/mapped_file.h"
#include "../core/result.h"
#include "zc_core.h"

struct zc_map {
  std::shared_ptr<zc::MappedFile> file;
};

namespace zc::capi {

// Fills `error`, unless it is null, and gives the code that the function returns.
int32_t report(const Error& failure, zc_error* error);
int32_t report(const Result<void>& result, zc_error* error);

}  // namespace zc::capi
