// What the addon exports; packages/io/src/native-addon.ts describes it.
#include <napi.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "buffer_pool.h"
#include "capabilities.h"
#include "core/crc32c.h"
#include "core/kernels/sum64.h"
#include "core/kernels/zstd_rows.h"
#include "descriptors.h"
#include "environment.h"
#include "file_writer.h"
#include "lease.h"
#include "mapped_file.h"
#include "read_engine.h"
#include "row_table.h"
#include "shared_slot.h"
#include "slot_program.h"
#include "watch.h"

namespace zc_addon {
namespace {

// Of what is exported, the order of arguments and the layout of plans and programs included. It is raised with each
// change of these, here and in native-addon.ts: arguments are not looked at twice, so that an addon and JavaScript
// that do not go together must not call each other.
constexpr uint32_t interface_version = 3;

void set_error_factory(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).error_factory = Napi::Persistent(info[0].As<Napi::Function>());
}

Napi::Value crc32c(const Napi::CallbackInfo& info) {
  const auto data = info[0].As<Napi::Uint8Array>();
  const uint32_t seed = info[1].As<Napi::Number>().Uint32Value();
  return Napi::Number::New(info.Env(), zc::crc32c(data.Data(), data.ByteLength(), seed));
}

Napi::Value sum64(const Napi::CallbackInfo& info) {
  const auto data = info[0].As<Napi::Uint8Array>();
  return Napi::BigInt::New(info.Env(), zc::sum64(data.Data(), data.ByteLength()));
}

Napi::Value zstd_version(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), zc::zstd_version()); }

Napi::Value zstd_compress(const Napi::CallbackInfo& info) {
  const auto data = info[0].As<Napi::Uint8Array>();
  const int level = int_argument(info[1]);
  const auto frame = zc::compress_zstd(reinterpret_cast<const std::byte*>(data.Data()), data.ByteLength(), level);
  if (!frame.ok()) {
    throw_error(info.Env(), frame.error());
    return info.Env().Undefined();
  }
  auto result = Napi::Uint8Array::New(info.Env(), frame.value().size());
  if (result.IsEmpty()) return info.Env().Undefined();
  std::memcpy(result.Data(), frame.value().data(), frame.value().size());
  return result;
}

// firstNotice(name): whether nobody of this process has asked for that name before, worker threads included.
Napi::Value first_notice(const Napi::CallbackInfo& info) {
  static std::mutex mutex;
  static auto* const given = std::make_unique<std::set<std::string>>().release();
  const std::lock_guard lock(mutex);
  return Napi::Boolean::New(info.Env(), given->insert(text_argument(info[0])).second);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto environment = std::make_unique<Environment>();
  environment->lease_constructor = Napi::Persistent(LeaseObject::define(env));
  env.SetInstanceData(environment.release());  // which deletes it with the environment

  exports.Set("interfaceVersion", interface_version);
  exports.Set("setErrorFactory", Napi::Function::New(env, set_error_factory));
  exports.Set("capabilities", Napi::Function::New(env, capabilities));
  exports.Set("firstNotice", Napi::Function::New(env, first_notice));
  exports.Set("crc32c", Napi::Function::New(env, crc32c));
  exports.Set("sum64", Napi::Function::New(env, sum64));
  exports.Set("zstdVersion", Napi::Function::New(env, zstd_version));
  exports.Set("zstdCompress", Napi::Function::New(env, zstd_compress));
  exports.Set("sendDescriptors", Napi::Function::New(env, send_descriptors));
  exports.Set("watchDescriptor", Napi::Function::New(env, watch_descriptor));
  exports.Set("mapShared", Napi::Function::New(env, map_shared));
  exports.Set("runSlotProgram", Napi::Function::New(env, run_slot_program));
  exports.Set("watchProcess", Napi::Function::New(env, watch_process));
  exports.Set("MappedFile", MappedFile::define(env));
  exports.Set("BufferPool", BufferPool::define(env));
  exports.Set("ReadEngine", ReadEngine::define(env));
  exports.Set("RowTable", RowTable::define(env));
  exports.Set("FileWriter", FileWriter::define(env));
  return exports;
}

}  // namespace
}  // namespace zc_addon

NAPI_MODULE_INIT() { return Napi::RegisterModule(env, exports, zc_addon::initialize); }
