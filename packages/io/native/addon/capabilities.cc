#include "capabilities.h"

#include <cmath>
#include <string>

#include "core/capabilities.h"
#include "environment.h"

namespace zc_addon {
namespace {

Napi::Object capability(Napi::Env env, bool ok, const std::string& reason, const std::string& advice) {
  auto object = Napi::Object::New(env);
  object.Set("ok", ok);
  if (!reason.empty()) object.Set("reason", reason);
  if (!advice.empty()) object.Set("advice", advice);
  return object;
}

}  // namespace

Napi::Value capabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const zc::SystemCapabilities system = zc::system_capabilities();
  auto object = Napi::Object::New(env);
  object.Set("kernel", system.kernel);
  object.Set("ioUring", capability(env, system.ring.ok, system.ring.reason, system.ring.advice));
  const bool unlimited = system.memlock_bytes == UINT64_MAX;
  object.Set("memlockBytes", unlimited ? HUGE_VAL : static_cast<double>(system.memlock_bytes));
  object.Set("crc32c", system.crc32c);
  if (!info[0].IsString()) return object;

  const auto direct = zc::direct_capability(text_argument(info[0]));
  if (!direct) {
    throw_error(env, direct.error());
    return env.Undefined();
  }
  auto of_path = capability(env, direct.value().ok, direct.value().reason, direct.value().advice);
  of_path.Set("memoryAlignmentBytes", direct.value().memory_alignment);
  of_path.Set("offsetAlignmentBytes", direct.value().offset_alignment);
  object.Set("direct", of_path);
  object.Set("filesystem", direct.value().filesystem);
  return object;
}

}  // namespace zc_addon
