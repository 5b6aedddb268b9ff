// Work that one thread has to finish, with the help of those that have nothing else to do.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "../result.h"
#include "../thread_pool.h"

namespace zc {

// Calls `work(unit)` for every unit below `units`, on this thread and, where there are several, on the pool's
// (which may be null). Returns when all are done: with the failure of the lowest unit that failed, if any did.
Result<void> share_work(ThreadPool* pool, size_t units, const std::function<Result<void>(size_t)>& work);

}  // namespace zc
