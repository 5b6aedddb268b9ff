// The depth follows what the device gains from it.
#include "../core/depth_ramp.h"

#include <algorithm>

#include "harness.h"

using zc::DepthRamp;

namespace {

constexpr uint32_t read_bytes = 4096;

// Lets a device answer that keeps up to `useful` reads at work at once, `per_read_ns` each, for two seconds.
void run(DepthRamp& ramp, uint32_t useful, int64_t per_read_ns, bool saturated = true) {
  for (int64_t now_ns = 0; now_ns < 2'000'000'000;) {
    const uint32_t reads = std::min(ramp.depth(), useful);
    now_ns += per_read_ns;
    ramp.note(reads, uint64_t{reads} * read_bytes, saturated, now_ns);
  }
}

}  // namespace

TEST("the depth grows while the device gains from it, and no further") {
  const struct {
    uint32_t useful, depth;
  } cases[] = {{1, 64}, {64, 64}, {128, 128}, {256, 256}, {10000, 256}};
  for (const auto& [useful, depth] : cases) {
    DepthRamp ramp(0);
    run(ramp, useful, 100'000);
    CHECK_EQUAL(ramp.depth(), depth);
    CHECK(ramp.settled());
  }
}

TEST("the depth stays where reads do not wait for each other, for then nothing can be learnt") {
  DepthRamp ramp(0);
  run(ramp, 10000, 100'000, false);
  CHECK_EQUAL(ramp.depth(), DepthRamp::depth_first);
  CHECK(!ramp.settled());
}

TEST("a depth that was asked for is kept") {
  DepthRamp ramp(7);
  run(ramp, 10000, 100'000);
  CHECK_EQUAL(ramp.depth(), 7u);
}
