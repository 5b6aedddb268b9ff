// Reads and writes through io_uring, by one thread that owns the ring and keeps it full.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "depth_ramp.h"
#include "read_backend.h"
#include "result.h"
#include "ring.h"
#include "unique_fd.h"

namespace zc {

class RingBackend final : public ReadBackend {
 public:
  // Starts the thread, which makes the ring; `ring_refused` where it cannot. At most `depth` reads are in
  // flight; 0: as many as the device gains from (see DepthRamp).
  static Result<std::unique_ptr<RingBackend>> create(uint32_t depth) noexcept;
  ~RingBackend() override;

  void start(ReadOp* const* ops, size_t count) override;
  void post(std::function<void()> work) override;
  void cancel_all() override;

 private:
  // What other threads leave for the ring's thread.
  struct Inbox {
    std::vector<ReadOp*> ops;
    std::vector<std::function<void()>> work;
    bool cancel_all = false;
    bool stop = false;
  };

  explicit RingBackend(uint32_t depth) : entries_(depth == 0 ? DepthRamp::depth_max : depth), ramp_(depth) {}
  template <typename Change>
  void leave(Change&& change);
  bool on_ring_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  void run(std::promise<Result<void>>& created);
  void take_inbox();
  void fill_ring();
  void collect();

  const uint32_t entries_;
  std::mutex mutex_;
  Inbox inbox_;            // under mutex_
  bool signalled_ = false; // under mutex_: the eventfd was written since the inbox was last taken
  UniqueFd event_;         // wakes the ring's thread, which always has a read of it in the ring

  // The ring thread's own from here on. The counter is declared before the ring, which may hold its address.
  uint64_t event_counter_ = 0;
  Ring ring_;
  bool event_armed_ = false;
  bool cancel_wanted_ = false;
  bool stopping_ = false;
  DepthRamp ramp_;
  std::deque<ReadOp*> pending_;
  uint32_t in_flight_ = 0;

  std::thread thread_;
};

}  // namespace zc
