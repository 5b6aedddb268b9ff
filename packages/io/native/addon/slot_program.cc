#include "slot_program.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/kernels/run_slot_program.h"
#include "environment.h"
#include "lease.h"
#include "promise_task.h"

namespace zc_addon {
namespace {

// Beside the thread of libuv's pool that runs the program.
constexpr unsigned kHelpersMax = 7;

const std::shared_ptr<zc::ThreadPool>& helpers_of(Napi::Env env) {
  auto& helpers = Environment::of(env).kernel_threads;
  if (helpers == nullptr) {
    const unsigned others = std::max(1u, std::thread::hardware_concurrency()) - 1;
    helpers = std::make_shared<zc::ThreadPool>("zc-kernel", std::min(kHelpersMax, others));
  }
  return helpers;
}

// Keeps a slot from being leased again. Made and ended on the JavaScript thread.
class SlotUse {
 public:
  explicit SlotUse(std::shared_ptr<Lease> lease) : lease_(std::move(lease)) { lease_->begin_read(); }
  SlotUse(const SlotUse&) = delete;
  SlotUse& operator=(const SlotUse&) = delete;
  ~SlotUse() { lease_->end_read(); }

 private:
  std::shared_ptr<Lease> lease_;
};

}  // namespace

Napi::Value run_slot_program(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto* target = LeaseObject::Unwrap(info[0].As<Napi::Object>());
  if (target == nullptr) return env.Undefined();
  const auto& lease = target->lease();
  const auto program = info[1].As<Napi::Float64Array>();
  const zc::Slot slot = lease->slot();
  auto parsed = zc::parse_slot_program(program.Data(), program.ElementLength(), slot.length);
  if (!parsed) {
    throw_error(env, parsed.error());
    return env.Undefined();
  }
  auto steps = std::make_shared<std::vector<zc::SlotStep>>(std::move(parsed).value());
  return run_as_promise(
      env, "zc.slotProgram",
      [steps, data = slot.data, pool = lease->pool()->core, helpers = helpers_of(env)] {
        return zc::run_slot_program(*steps, data, helpers.get());
      },
      // The task, and with it this, goes on the JavaScript thread once the promise is settled.
      [use = std::make_shared<SlotUse>(lease)](napi_env settling) -> napi_value {
        return Napi::Env(settling).Undefined();
      });
}

}  // namespace zc_addon
