// Programs of steps on a slot: refused, or carried out without touching a byte that is not the slot's.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../core/kernels/run_slot_program.h"
#include "numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t slot_bytes = 16'384;
  const auto program = zc::fuzz::numbers_from(data, size);
  const std::unique_ptr<void, decltype(&std::free)> slot(std::aligned_alloc(4096, slot_bytes), &std::free);
  std::memset(slot.get(), 1, slot_bytes);
  const auto steps = zc::parse_slot_program(program.data(), program.size(), slot_bytes);
  const auto done = steps ? zc::run_slot_program(steps.value(), static_cast<std::byte*>(slot.get()), nullptr)
                          : zc::Result<void>(steps.error());
  if (!done && done.error().code != zc::ErrorCode::argument) std::abort();
  return 0;
}
