// What a trainer counts of its batches, shared with Python: how far it is, and what it waited for.
#pragma once

#include "zc_core.h"

namespace zc::capi {

class ConsumerCounts {
 public:
  ConsumerCounts(zc_iteration* iteration, zc_clock* clock) : iteration_(iteration), clock_(clock) {}

  zc_iteration& iteration() const { return *iteration_; }
  // Whether a batch was asked for that has not been given.
  bool asking() const { return iteration_->asking != 0; }
  // A batch is asked for, now or still; `ready`: it is there now.
  void asked(bool ready) const;
  // It is handed out.
  void given() const;

 private:
  zc_iteration* const iteration_;
  zc_clock* const clock_;
};

}  // namespace zc::capi
