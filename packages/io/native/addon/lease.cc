#include "lease.h"

#include <utility>

#include "environment.h"

namespace zc_addon {
namespace {

// What a buffer on a slot keeps: the lease from being forgotten, and the memory even after the lease's end, for it
// is not this code that says when a buffer is gone.
struct BufferOwner {
  std::shared_ptr<Lease> lease;
  std::shared_ptr<SharedPool> pool;
};

}  // namespace

void SharedPool::release(const zc::Slot& slot) {
  core->release(slot.segment, slot.index, slot.generation);
  if (waiting) slot_freed->ring();
}

Lease::~Lease() {
  if (pool_ != nullptr) pool_->release(slot_);
}

void Lease::end() {
  ended_ = true;
  release_if_unused();
}

void Lease::end_read() {
  reads_--;
  release_if_unused();
}

void Lease::release_if_unused() {
  if (!ended_ || reads_ > 0 || pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->release(slot_);
}

Napi::Function LeaseObject::define(Napi::Env env) {
  return DefineClass(env, "Lease",
                     {
                         InstanceAccessor<&LeaseObject::segment>("segment"),
                         InstanceAccessor<&LeaseObject::index>("index"),
                         InstanceAccessor<&LeaseObject::generation>("generation"),
                         InstanceAccessor<&LeaseObject::offset>("offset"),
                         InstanceMethod<&LeaseObject::buffer>("buffer"),
                         InstanceMethod<&LeaseObject::lasting_buffer>("lastingBuffer"),
                         InstanceMethod<&LeaseObject::release>("release"),
                     });
}

Napi::Value LeaseObject::wrap(Napi::Env env, std::shared_ptr<Lease> lease) {
  const auto carrier = Napi::External<std::shared_ptr<Lease>>::New(env, &lease);
  return Environment::of(env).lease_constructor.New({carrier});
}

LeaseObject::LeaseObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  lease_ = *info[0].As<Napi::External<std::shared_ptr<Lease>>>().Data();
}

Napi::Value LeaseObject::segment(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), lease_->slot().segment);
}

Napi::Value LeaseObject::index(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), lease_->slot().index);
}

Napi::Value LeaseObject::generation(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), lease_->slot().generation);
}

Napi::Value LeaseObject::offset(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(lease_->slot().offset));
}

Napi::Value LeaseObject::buffer(const Napi::CallbackInfo& info) {
  auto owner = std::make_shared<BufferOwner>(lease_, lease_->pool());
  return external_buffer(info.Env(), lease_->slot().data, lease_->slot().length, std::move(owner));
}

// For buffers that outlive their lease: they keep the memory, but not the slot from being leased again.
Napi::Value LeaseObject::lasting_buffer(const Napi::CallbackInfo& info) {
  return external_buffer(info.Env(), lease_->slot().data, lease_->slot().length, lease_->pool());
}

void LeaseObject::release(const Napi::CallbackInfo& info) {
  if (info[0].IsArrayBuffer()) info[0].As<Napi::ArrayBuffer>().Detach();
  lease_->end();
}

}  // namespace zc_addon
