#include "kept_for_good.h"

#include <mutex>
#include <utility>
#include <vector>

namespace zc {

void keep_for_good(std::shared_ptr<void> held) noexcept {
  static std::mutex mutex;
  // Never destroyed, so that the end of the process frees nothing of it either.
  static auto* const kept = std::make_unique<std::vector<std::shared_ptr<void>>>().release();
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(held));
}

}  // namespace zc
