// A leased slot as JavaScript sees it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "core/buffer_pool.h"
#include "wakeup.h"

namespace zc_addon {

// A pool with what else its leases need. Shared by the pool's object, every lease and every buffer, and with them
// the memory.
struct SharedPool {
  std::shared_ptr<zc::BufferPool> core;
  std::shared_ptr<Wakeup> slot_freed;
  bool waiting = false;    // whether anybody wants to hear of it
  uint32_t uncounted = 0;  // buffers that V8 was told to leave out of its count of external memory

  void release(const zc::Slot& slot);
};

// One lease. Its slot goes back to the pool when the lease was ended (or forgotten by all who held it) and no read
// into it is in flight. Only on the JavaScript thread.
class Lease {
 public:
  Lease(std::shared_ptr<SharedPool> pool, const zc::Slot& slot) : pool_(std::move(pool)), slot_(slot) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  const zc::Slot& slot() const { return slot_; }
  // Null once the slot was given back: the lease then keeps the memory no longer.
  const std::shared_ptr<SharedPool>& pool() const { return pool_; }
  bool ended() const { return ended_; }

  // A buffer on the slot is memory that no collection gives back, yet V8 counts it and collects when much of it
  // comes and goes: with batches of 10 MB nearly every time. So its bytes are taken out of the count for as long as
  // the buffer lives. Where half of the slots have such buffers the next ones count, so that forgotten ones are found.
  void leave_out_of_count(Napi::Env env);
  // To be called before V8 takes the buffer's bytes from its count, or at the latest when it has done so.
  void bring_into_count(Napi::Env env);

  void end();
  void begin_read() { reads_++; }
  void end_read();

 private:
  void release_if_unused();

  std::shared_ptr<SharedPool> pool_;
  const zc::Slot slot_;
  uint32_t reads_ = 0;
  bool ended_ = false;
  std::shared_ptr<SharedPool> uncounted_in_;  // null where the buffer counts
};

// Holds one reference to a lease, each of its buffers another.
class LeaseObject : public Napi::ObjectWrap<LeaseObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<Lease> lease);
  explicit LeaseObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<Lease>& lease() const { return lease_; }

 private:
  Napi::Value segment(const Napi::CallbackInfo& info);
  Napi::Value index(const Napi::CallbackInfo& info);
  Napi::Value generation(const Napi::CallbackInfo& info);
  Napi::Value offset(const Napi::CallbackInfo& info);
  Napi::Value buffer(const Napi::CallbackInfo& info);
  Napi::Value lasting_buffer(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);

  std::shared_ptr<Lease> lease_;
};

}  // namespace zc_addon
