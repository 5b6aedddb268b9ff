#include "engine_session.h"

#include <utility>

#include "environment.h"

namespace zc_addon {
namespace {

// Undefined where there is none, which is nearly always.
Napi::Value make_failures(Napi::Env env, const std::vector<zc::Error>& failures) {
  if (failures.empty()) return env.Undefined();
  auto list = Napi::Array::New(env, failures.size());
  for (size_t i = 0; i < failures.size(); i++) list.Set(static_cast<uint32_t>(i), make_error(env, failures[i]));
  return list;
}

}  // namespace

std::shared_ptr<EngineSession> EngineSession::create(Napi::Env env, const zc::ReadEngine::Options& options,
                                                     Napi::Function on_done) {
  auto engine = zc::ReadEngine::create(options);
  if (!engine) {
    throw_error(env, engine.error());
    return nullptr;
  }
  std::shared_ptr<EngineSession> session(new EngineSession(env));
  session->engine_ = std::move(engine).value();
  session->on_done_ = Napi::Persistent(on_done);
  session->mailbox_ = std::make_shared<Mailbox>();
  session->mailbox_->wakeup =
      Wakeup::create(env, "zc.readDone", [weak = std::weak_ptr<EngineSession>(session)](Napi::Env awake) {
        if (const auto alive = weak.lock()) alive->deliver_done(awake);
      });
  napi_add_env_cleanup_hook(env, on_environment_end, session.get());
  return session->mailbox_->wakeup == nullptr ? nullptr : session;
}

EngineSession::~EngineSession() {
  if (!environment_ended_) napi_remove_env_cleanup_hook(env_, on_environment_end, this);
  engine_->close();
  {
    const std::lock_guard lock(mailbox_->mutex);
    for (const Done& one : mailbox_->done) in_flight_.erase(one.operation);
  }
  keep_what_is_in_flight();
  // A read that the system keeps for good may ring it later, from another thread.
  if (mailbox_->wakeup != nullptr) mailbox_->wakeup->close();
}

zc::Result<uint64_t> EngineSession::read(std::shared_ptr<Lease> lease, const double* plan, size_t plan_length,
                                         zc::ReadFailures failures) {
  const uint64_t operation = ++operations_;
  auto batch = engine_->submit(target_of(*lease), plan, plan_length, completion_for(operation), failures);
  if (!batch) return std::move(batch).error();
  add(operation, batch.value(), std::move(lease));
  return operation;
}

zc::Result<uint64_t> EngineSession::read_rows(std::shared_ptr<Lease> lease, const zc::RowTable& table,
                                              std::span<const double> numbers, std::span<const double> places) {
  const uint64_t operation = ++operations_;
  auto batch = engine_->submit_rows(target_of(*lease), table, numbers.data(), numbers.size(), places.data(),
                                    places.size(), completion_for(operation));
  if (!batch) return std::move(batch).error();
  add(operation, batch.value(), std::move(lease));
  return operation;
}

zc::Result<uint64_t> EngineSession::prefetch(uint32_t file, std::vector<zc::FileRange> ranges) {
  const uint64_t operation = ++operations_;
  auto batch = engine_->prefetch(file, std::move(ranges), completion_for(operation));
  if (!batch) return std::move(batch).error();
  add(operation, batch.value(), nullptr);
  return operation;
}

void EngineSession::cancel(uint64_t operation) {
  const auto found = in_flight_.find(operation);
  if (found != in_flight_.end()) engine_->cancel(found->second.batch);
}

zc::ReadTarget EngineSession::target_of(const Lease& lease) {
  return {.data = lease.slot().data, .length = lease.slot().length, .keep_alive = lease.pool()->core};
}

zc::ReadCompletion EngineSession::completion_for(uint64_t operation) {
  return [mailbox = mailbox_, operation](zc::ReadOutcome&& outcome) {
    {
      const std::lock_guard lock(mailbox->mutex);
      mailbox->done.push_back({operation, std::move(outcome)});
    }
    mailbox->wakeup->ring();
  };
}

// The completion may have run already, but is looked at by this thread only: always after this.
void EngineSession::add(uint64_t operation, uint64_t batch, std::shared_ptr<Lease> lease) {
  if (lease != nullptr) lease->begin_read();
  if (in_flight_.empty()) mailbox_->wakeup->hold();
  in_flight_.emplace(operation, InFlight{batch, std::move(lease)});
}

void EngineSession::deliver_done(Napi::Env env) {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mailbox_->mutex);
    done.swap(mailbox_->done);
  }
  const Napi::HandleScope scope(env);
  for (const Done& one : done) settle(env, one);
}

void EngineSession::settle(Napi::Env env, const Done& done) {
  const auto found = in_flight_.find(done.operation);
  if (found->second.lease != nullptr) found->second.lease->end_read();
  in_flight_.erase(found);
  if (in_flight_.empty()) mailbox_->wakeup->let_go();

  const zc::ReadOutcome& outcome = done.outcome;
  const char* code = closing_ && outcome.error.code == zc::ErrorCode::aborted ? "ZC_IO_CLOSED" : nullptr;
  const auto number = [env](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  const auto milliseconds = [env](int64_t ns) { return Napi::Number::New(env, static_cast<double>(ns) / 1e6); };
  const napi_value arguments[] = {
      number(done.operation),
      outcome.ok ? env.Null() : make_error(env, outcome.error, code),
      number(outcome.counts.bytes_direct),
      number(outcome.counts.bytes_staged),
      number(outcome.counts.bytes_copied),
      number(outcome.counts.bytes_resident),
      milliseconds(outcome.times.read),
      milliseconds(outcome.times.check),
      milliseconds(outcome.times.copy),
      make_failures(env, outcome.failures),
  };
  napi_value ignored = nullptr;
  // Not Napi's own call, which ends the process where an ending environment refuses to run JavaScript.
  napi_call_function(env, env.Undefined(), on_done_.Value(), std::size(arguments), arguments, &ignored);
}

void EngineSession::end_close(Napi::Env env) {
  mailbox_->wakeup->close();
  std::vector<Done> stuck;
  for (const auto& [operation, flight] : in_flight_) {
    Done one{.operation = operation, .outcome = {}};
    one.outcome.error = zc::Error{.code = zc::ErrorCode::aborted, .operation = "a read that does not end was given up"};
    stuck.push_back(std::move(one));
  }
  keep_what_is_in_flight();
  const Napi::HandleScope scope(env);
  for (const Done& one : stuck) settle(env, one);
}

// The kernel may still write into these slots: their leases never end.
void EngineSession::keep_what_is_in_flight() {
  for (auto& [operation, flight] : in_flight_) {
    static_cast<void>(std::make_unique<std::shared_ptr<Lease>>(std::move(flight.lease)).release());
  }
}

// A read in flight writes into memory that the environment is about to let go: this waits for its end.
void EngineSession::on_environment_end(void* self) {
  auto* session = static_cast<EngineSession*>(self);
  session->environment_ended_ = true;
  session->engine_->close();
}

}  // namespace zc_addon
