#include "lease.h"

#include <utility>

#include "environment.h"

namespace zc_addon {
namespace {

// What a buffer on a slot keeps: the lease from being forgotten, and the memory even after the lease's end, for it
// is not this code that says when a buffer is gone.
struct BufferOwner {
  Napi::Env env;
  std::shared_ptr<Lease> lease;
  std::shared_ptr<SharedPool> pool;

  BufferOwner(Napi::Env env, std::shared_ptr<Lease> lease)
      : env(env), lease(std::move(lease)), pool(this->lease->pool()) {}
  BufferOwner(const BufferOwner&) = delete;
  BufferOwner& operator=(const BufferOwner&) = delete;
  ~BufferOwner() { lease->bring_into_count(env); }
};

}  // namespace

void SharedPool::release(const zc::Slot& slot) {
  core->release(slot.segment, slot.index, slot.generation);
  if (waiting) slot_freed->ring();
}

Lease::~Lease() {
  if (pool_ != nullptr) pool_->release(slot_);
}

void Lease::leave_out_of_count(Napi::Env env) {
  if (uncounted_in_ != nullptr || pool_ == nullptr || 2 * pool_->uncounted >= pool_->core->capacity()) return;
  uncounted_in_ = pool_;
  pool_->uncounted++;
  Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(slot_.length));
}

void Lease::bring_into_count(Napi::Env env) {
  if (uncounted_in_ == nullptr) return;
  uncounted_in_->uncounted--;
  uncounted_in_ = nullptr;
  Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(slot_.length));
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
  if (IsEmpty()) return;
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
  const Napi::Env env = info.Env();
  auto owner = std::make_shared<BufferOwner>(env, lease_);
  const Napi::Value buffer = external_buffer(env, lease_->slot().data, lease_->slot().length, std::move(owner));
  if (buffer.IsArrayBuffer()) lease_->leave_out_of_count(env);
  return buffer;
}

// For buffers that outlive their lease: they keep the memory, but not the slot from being leased again.
Napi::Value LeaseObject::lasting_buffer(const Napi::CallbackInfo& info) {
  return external_buffer(info.Env(), lease_->slot().data, lease_->slot().length, lease_->pool());
}

void LeaseObject::release(const Napi::CallbackInfo& info) {
  if (info[0].IsArrayBuffer()) {
    lease_->bring_into_count(info.Env());
    info[0].As<Napi::ArrayBuffer>().Detach();
  }
  lease_->end();
}

}  // namespace zc_addon
