#include "buffer_pool.h"

#include <utility>
#include <vector>

#include "environment.h"

namespace zc_addon {

Napi::Function BufferPool::define(Napi::Env env) {
  return DefineClass(env, "BufferPool",
                     {
                         InstanceAccessor<&BufferPool::slot_bytes>("slotBytes"),
                         InstanceAccessor<&BufferPool::capacity>("capacity"),
                         InstanceAccessor<&BufferPool::leased>("leased"),
                         InstanceAccessor<&BufferPool::waiting, &BufferPool::set_waiting>("waiting"),
                         InstanceMethod<&BufferPool::acquire>("acquire"),
                         InstanceMethod<&BufferPool::grow>("grow"),
                         InstanceMethod<&BufferPool::segments>("segments"),
                         InstanceMethod<&BufferPool::released_generation>("releasedGeneration"),
                         InstanceMethod<&BufferPool::close>("close"),
                     });
}

BufferPool::BufferPool(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (IsEmpty()) return;
  const Napi::Env env = info.Env();
  const auto options = info[0].As<Napi::Object>();
  const uint64_t slots = unsigned_argument(options.Get("slots"));
  if (slots > UINT32_MAX) {
    throw_error(env, zc::Error{.code = zc::ErrorCode::argument, .operation = "making a pool: too many slots"});
    return;
  }
  auto created = zc::BufferPool::create({
      .slot_bytes = unsigned_argument(options.Get("slotBytes")),
      .slots = static_cast<uint32_t>(slots),
      .max_bytes = unsigned_argument(options.Get("maxMemoryBytes")),
  });
  if (!created) {
    throw_error(env, created.error());
    return;
  }
  auto on_free = std::make_shared<Napi::FunctionReference>(Napi::Persistent(info[1].As<Napi::Function>()));
  auto slot_freed = Wakeup::create(env, "zc.slotFreed", [on_free](Napi::Env) { on_free->Call({}); });
  if (slot_freed == nullptr) return;
  pool_ = std::make_shared<SharedPool>();
  pool_->core = std::move(created).value();
  pool_->slot_freed = std::move(slot_freed);
  seen_ = pool_;
  slot_bytes_ = pool_->core->slot_bytes();
}

Napi::Value BufferPool::slot_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(slot_bytes_));
}

Napi::Value BufferPool::capacity(const Napi::CallbackInfo& info) {
  const auto pool = seen_.lock();
  return Napi::Number::New(info.Env(), pool == nullptr ? 0 : pool->core->capacity());
}

Napi::Value BufferPool::leased(const Napi::CallbackInfo& info) {
  const auto pool = seen_.lock();
  return Napi::Number::New(info.Env(), pool == nullptr ? 0 : pool->core->leased());
}

Napi::Value BufferPool::waiting(const Napi::CallbackInfo& info) {
  const auto pool = seen_.lock();
  return Napi::Boolean::New(info.Env(), pool != nullptr && pool->waiting);
}

void BufferPool::set_waiting(const Napi::CallbackInfo&, const Napi::Value& value) {
  if (const auto pool = seen_.lock()) pool->waiting = flag_argument(value);
}

Napi::Value BufferPool::acquire(const Napi::CallbackInfo& info) {
  if (core_or_throw(info) == nullptr) return info.Env().Undefined();
  const auto slot = pool_->core->acquire();
  if (!slot) return info.Env().Null();
  return LeaseObject::wrap(info.Env(), std::make_shared<Lease>(pool_, *slot));
}

Napi::Value BufferPool::grow(const Napi::CallbackInfo& info) {
  const auto core = core_or_throw(info);
  if (core == nullptr) return info.Env().Undefined();
  const auto grown = core->grow();
  if (!grown && grown.error().code != zc::ErrorCode::memory_budget) throw_error(info.Env(), grown.error());
  return Napi::Boolean::New(info.Env(), grown.ok());
}

Napi::Value BufferPool::segments(const Napi::CallbackInfo& info) {
  const auto pool = seen_.lock();
  const auto segments = pool == nullptr ? std::vector<zc::BufferPool::Segment>() : pool->core->segments();
  auto list = Napi::Array::New(info.Env(), segments.size());
  for (uint32_t i = 0; i < segments.size(); i++) {
    auto entry = Napi::Object::New(info.Env());
    entry.Set("fd", segments[i].fd);
    entry.Set("sizeBytes", static_cast<double>(segments[i].size_bytes));
    entry.Set("controlBytes", static_cast<double>(segments[i].control_bytes));
    entry.Set("slots", segments[i].slots);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value BufferPool::released_generation(const Napi::CallbackInfo& info) {
  const uint64_t segment = unsigned_argument(info[0]);
  const uint64_t index = unsigned_argument(info[1]);
  const auto pool = seen_.lock();
  const auto segments = pool == nullptr ? std::vector<zc::BufferPool::Segment>() : pool->core->segments();
  if (segment >= segments.size() || index >= segments[segment].slots) {
    throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::argument,
                                      .operation = "reading a control word: the pool has no such slot"});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), pool->core->released_generation(static_cast<uint32_t>(segment),
                                                                       static_cast<uint32_t>(index)));
}

// The memory goes with the last lease, and does not wait for the collection of this object.
void BufferPool::close(const Napi::CallbackInfo&) { pool_.reset(); }

std::shared_ptr<zc::BufferPool> BufferPool::core_or_throw(const Napi::CallbackInfo& info) {
  if (pool_ != nullptr) return pool_->core;
  throw_error(info.Env(), zc::Error{.code = zc::ErrorCode::closed, .operation = "the buffer pool is closed"});
  return nullptr;
}

}  // namespace zc_addon
