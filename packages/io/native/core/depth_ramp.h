// How many reads to keep in flight: found out while reading, for no device says it.
#pragma once

#include <cstdint>

namespace zc {

// Begins with a depth that serves most devices and doubles it for as long as that makes reads come faster; then it
// stays. Only stretches in which more reads wait than are in flight tell anything, so that it costs a few tens of
// milliseconds of the first busy second. Not thread-safe.
class DepthRamp {
 public:
  static constexpr uint32_t depth_first = 64;
  static constexpr uint32_t depth_max = 256;

  // `fixed` is the depth for good; 0: to be found out.
  explicit DepthRamp(uint32_t fixed) : depth_(fixed == 0 ? depth_first : fixed), settled_(fixed != 0) {}

  uint32_t depth() const noexcept { return depth_; }
  bool settled() const noexcept { return settled_; }

  // Takes note of `reads` that came back with `bytes` since the last call. `saturated`: whether others wait.
  void note(uint32_t reads, uint64_t bytes, bool saturated, int64_t now_ns) noexcept;

 private:
  uint32_t depth_;
  bool settled_;
  bool measuring_ = false;
  int64_t begun_ns_ = 0;
  uint64_t reads_ = 0;
  uint64_t bytes_ = 0;
  double best_rate_ = 0;  // bytes a nanosecond, at half the depth
};

}  // namespace zc
