// A read engine with the JavaScript that waits for its operations.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/read_engine.h"
#include "lease.h"
#include "wakeup.h"

namespace zc_addon {

// Lives on the JavaScript thread; only deliver() runs on the engine's threads. An operation's lease is kept from
// reuse here, not by the engine, so that its end is seen on the JavaScript thread, in order with the rest.
class EngineSession : public std::enable_shared_from_this<EngineSession> {
 public:
  // Null, with a JavaScript exception pending, where the engine cannot be had.
  static std::shared_ptr<EngineSession> create(Napi::Env env, const zc::ReadEngine::Options& options,
                                               Napi::Function on_done);
  EngineSession(const EngineSession&) = delete;
  EngineSession& operator=(const EngineSession&) = delete;
  ~EngineSession();

  zc::ReadEngine& engine() { return *engine_; }

  // The number of the operation, which on_done will be called with.
  zc::Result<uint64_t> read(std::shared_ptr<Lease> lease, const double* plan, size_t plan_length,
                            zc::ReadFailures failures);
  zc::Result<uint64_t> read_rows(std::shared_ptr<Lease> lease, const zc::RowTable& table,
                                 std::span<const double> numbers, std::span<const double> places);
  zc::Result<uint64_t> prefetch(uint32_t file, std::vector<zc::FileRange> ranges);
  void cancel(uint64_t operation);

  // From now on an operation that the engine gave up is one that its closing ended.
  void begin_close() { closing_ = true; }
  // Calls on_done for all that has ended so far.
  void deliver_done(Napi::Env env);
  // After the engine has closed, and what has ended was delivered. What the system still holds fails here, and its
  // slots are never used again.
  void end_close(Napi::Env env);

 private:
  struct InFlight {
    uint64_t batch = 0;  // the engine's number
    std::shared_ptr<Lease> lease;
  };
  struct Done {
    uint64_t operation = 0;
    zc::ReadOutcome outcome;
  };
  // Where the engine's threads put what has ended. It may outlive the session where the system keeps a read.
  struct Mailbox {
    std::mutex mutex;
    std::vector<Done> done;
    std::shared_ptr<Wakeup> wakeup;
  };

  explicit EngineSession(napi_env env) : env_(env) {}
  static zc::ReadTarget target_of(const Lease& lease);
  zc::ReadCompletion completion_for(uint64_t operation);
  void add(uint64_t operation, uint64_t batch, std::shared_ptr<Lease> lease);
  void settle(Napi::Env env, const Done& done);
  void keep_what_is_in_flight();
  static void on_environment_end(void* self);

  const napi_env env_;
  std::unique_ptr<zc::ReadEngine> engine_;
  std::shared_ptr<Mailbox> mailbox_;
  Napi::FunctionReference on_done_;
  std::unordered_map<uint64_t, InFlight> in_flight_;
  uint64_t operations_ = 0;
  bool closing_ = false;
  bool environment_ended_ = false;
};

}  // namespace zc_addon
