// A backend that does its work badly, on purpose: how tests show what the engine makes of a bad disk.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "read_backend.h"
#include "result.h"

namespace zc {

// One thing that goes wrong, and with which reads.
struct Fault {
  enum class Kind {
    fails,        // is not made, and ends with an error number
    comes_short,  // ends with about half of what was asked for; a direct one, of whole blocks
    is_late,      // begins after some time, and until then cannot be cancelled, as with a disk that hangs
    is_overtaken  // is reported after reads that ended later
  };
  Kind kind = Kind::fails;
  int sys_errno = 0;         // of what fails
  bool direct_only = false;  // buffered reads are not touched
  uint32_t delay_ms = 0;     // of what is late
  uint32_t every = 0;        // the Nth read and each Nth after it; 0: those that touch the range
  uint64_t range_begin = 0;  // bytes of the file, whichever it is
  uint64_t range_end = 0;
};

// Reads "short@3,EINTR@5,delay:20@7,reorder@2,nodirect@11,EIO[8192+4096]": every third read comes short, every fifth
// is interrupted, every seventh begins 20 ms late, every second is overtaken, every eleventh is refused if it is
// direct, and whatever touches the bytes from 8192 to 12288 fails. Of several faults that a read meets, the one named
// first happens. `argument` for other words.
Result<std::vector<Fault>> parse_faults(const std::string& words);

// Stands before another backend, whose threads remain the ones that call `finished`.
class FaultBackend final : public ReadBackend {
 public:
  FaultBackend(std::unique_ptr<ReadBackend> inner, std::vector<Fault> faults);
  ~FaultBackend() override;

  void start(ReadOp* const* ops, size_t count) override;
  void post(std::function<void()> work) override { inner_->post(std::move(work)); }
  void cancel_all() override { inner_->cancel_all(); }

 private:
  // The read that the inner backend is given in place of the engine's.
  struct FaultyOp : ReadOp {
    FaultBackend* backend = nullptr;
    ReadOp* original = nullptr;
    bool overtaken = false;
    int64_t result = 0;
  };
  struct Late {
    std::chrono::steady_clock::time_point due;
    ReadOp* op;
  };

  const Fault* fault_of(const ReadOp& op);
  void start_one(ReadOp& original, std::vector<ReadOp*>& now);
  static void on_finished(ReadOp* op, int64_t result);
  static void report(FaultyOp* op);
  void run_late_reads();

  const std::vector<Fault> faults_;
  std::atomic<uint64_t> reads_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  uint64_t in_flight_ = 0;           // under mutex_, with what follows
  std::vector<FaultyOp*> overtaken_;  // ended, and not reported yet
  std::vector<Late> late_;
  bool stopping_ = false;

  std::unique_ptr<ReadBackend> inner_;
  std::thread clock_;  // only where a fault is a delay; it starts what is late
};

}  // namespace zc
