#include "depth_ramp.h"

namespace zc {

void DepthRamp::note(uint32_t reads, uint64_t bytes, bool saturated, int64_t now_ns) noexcept {
  // Long enough that one hiccup does not decide, and that the reads of the former depth are gone.
  constexpr int64_t stretch_ns_min = 10'000'000;
  constexpr uint64_t turnovers_min = 4;
  // Less of a gain is not worth the memory that is in flight then.
  constexpr double gain_min = 1.1;

  if (settled_) return;
  if (!saturated) {
    measuring_ = false;
    return;
  }
  if (!measuring_) {
    measuring_ = true;
    begun_ns_ = now_ns;
    reads_ = 0;
    bytes_ = 0;
    return;
  }
  reads_ += reads;
  bytes_ += bytes;
  if (now_ns - begun_ns_ < stretch_ns_min || reads_ < turnovers_min * depth_) return;
  const double rate = static_cast<double>(bytes_) / static_cast<double>(now_ns - begun_ns_);
  measuring_ = false;
  if (rate < best_rate_ * gain_min) {
    depth_ /= 2;
    settled_ = true;
    return;
  }
  best_rate_ = rate;
  if (depth_ == depth_max) {
    settled_ = true;
  } else {
    depth_ *= 2;
  }
}

}  // namespace zc
