// Runs the steps of a slot program.
#pragma once

#include <cstddef>
#include <vector>

#include "../thread_pool.h"
#include "slot_program.h"

namespace zc {

// Step by step, the rows of each shared among this thread and the pool's. Ends at the first step that fails.
Result<void> run_slot_program(const std::vector<SlotStep>& steps, std::byte* slot, ThreadPool* pool);

}  // namespace zc
