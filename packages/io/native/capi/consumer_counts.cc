#include "consumer_counts.h"

#include <chrono>

namespace zc::capi {
namespace {

// As Python's time.perf_counter().
double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void ConsumerCounts::asked(bool ready) const {
  // One that comes after it was waited for was not there when it was asked for.
  clock_->ready = ready && !asking() ? 1 : 0;
  if (asking()) return;
  iteration_->asking = 1;
  clock_->asked_at = now_seconds();
  if (iteration_->given_at > 0) clock_->step_ms += (clock_->asked_at - iteration_->given_at) * 1000;
}

void ConsumerCounts::given() const {
  iteration_->given_at = now_seconds();
  iteration_->asking = 0;
  clock_->waited_ms += (iteration_->given_at - clock_->asked_at) * 1000;
  clock_->stalls += clock_->ready == 0 ? 1 : 0;
  clock_->ready_batches += clock_->ready;
  iteration_->handed_out++;
}

}  // namespace zc::capi
