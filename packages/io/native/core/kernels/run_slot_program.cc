#include "run_slot_program.h"

#include <algorithm>

#include "shared_work.h"

namespace zc {
namespace {

// Rows are handed out in parts of about this size: short against a batch, long against the hand-over.
constexpr size_t part_bytes = 256 * 1024;

}  // namespace

Result<void> run_slot_program(const std::vector<SlotStep>& steps, std::byte* slot, ThreadPool* pool) {
  for (const SlotStep& step : steps) {
    const size_t rows = std::visit([](const auto& one) { return one.rows(); }, step);
    const size_t row_bytes = std::visit([](const auto& one) { return one.row_bytes(); }, step);
    const size_t rows_a_part = std::max<size_t>(1, part_bytes / std::max<size_t>(1, row_bytes));
    const size_t parts = (rows + rows_a_part - 1) / rows_a_part;
    Result<void> result = share_work(pool, parts, [&](size_t part) {
      return run_slot_step(step, part * rows_a_part, std::min(rows, (part + 1) * rows_a_part), slot);
    });
    if (!result.ok()) return result;
  }
  return {};
}

}  // namespace zc
