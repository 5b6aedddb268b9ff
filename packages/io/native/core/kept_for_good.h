// What must not be freed any more, because the kernel may still write into it or read from it.
#pragma once

#include <memory>

namespace zc {

// Keeps `held`, with its threads and all that it points to, until the process ends.
void keep_for_good(std::shared_ptr<void> held) noexcept;

}  // namespace zc
