#include "fault_backend.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "worker_thread.h"

namespace zc {
namespace {

// A direct read that does not end at the file's end comes in whole blocks, whatever happens to it.
constexpr uint32_t direct_block_bytes = 4096;

constexpr struct {
  std::string_view name;
  int number;
} errors[] = {{"EINTR", EINTR}, {"EAGAIN", EAGAIN}, {"EIO", EIO}, {"ENOMEM", ENOMEM}};

// Takes a whole number off the front of `words`.
template <typename Number>
bool take_number(std::string_view& words, Number& number) {
  const auto [end, failure] = std::from_chars(words.data(), words.data() + words.size(), number);
  words.remove_prefix(static_cast<size_t>(end - words.data()));
  return failure == std::errc();
}

bool take(std::string_view& words, std::string_view expected) {
  if (!words.starts_with(expected)) return false;
  words.remove_prefix(expected.size());
  return true;
}

bool take_kind(std::string_view& words, Fault& fault) {
  if (take(words, "short")) {
    fault.kind = Fault::Kind::comes_short;
  } else if (take(words, "reorder")) {
    fault.kind = Fault::Kind::is_overtaken;
  } else if (take(words, "nodirect")) {
    fault.sys_errno = EINVAL;
    fault.direct_only = true;
  } else if (take(words, "delay:")) {
    fault.kind = Fault::Kind::is_late;
    return take_number(words, fault.delay_ms);
  } else {
    for (const auto& [name, number] : errors) {
      if (!take(words, name)) continue;
      fault.sys_errno = number;
      return true;
    }
    return false;
  }
  return true;
}

bool take_place(std::string_view& words, Fault& fault) {
  if (take(words, "@")) return take_number(words, fault.every) && fault.every > 0;
  uint64_t length = 0;
  if (!take(words, "[") || !take_number(words, fault.range_begin) || !take(words, "+") ||
      !take_number(words, length) || !take(words, "]")) {
    return false;
  }
  fault.range_end = fault.range_begin + length;
  return fault.range_end > fault.range_begin;
}

bool is_direct(const ReadOp& op) { return (::fcntl(op.fd, F_GETFL) & O_DIRECT) != 0; }

uint32_t short_length(const ReadOp& op) {
  const uint32_t half = op.length / 2;
  const uint32_t shortened = is_direct(op) ? half / direct_block_bytes * direct_block_bytes : half;
  return shortened == 0 ? op.length : shortened;  // 0 would be the end of the file
}

}  // namespace

Result<std::vector<Fault>> parse_faults(const std::string& words) {
  std::vector<Fault> faults;
  for (std::string_view left = words; !left.empty();) {
    Fault fault;
    if (!take_kind(left, fault) || !take_place(left, fault) || (!left.empty() && !take(left, ","))) {
      return Error{.code = ErrorCode::argument,
                   .operation = "injected faults: \"" + words + "\" is not understood from \"" + std::string(left) + "\" on"};
    }
    faults.push_back(fault);
  }
  return faults;
}

FaultBackend::FaultBackend(std::unique_ptr<ReadBackend> inner, std::vector<Fault> faults)
    : faults_(std::move(faults)), inner_(std::move(inner)) {
  const bool some_late = std::any_of(faults_.begin(), faults_.end(),
                                     [](const Fault& fault) { return fault.kind == Fault::Kind::is_late; });
  if (some_late) clock_ = start_worker("zc-fault", [this] { run_late_reads(); });
}

FaultBackend::~FaultBackend() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (clock_.joinable()) clock_.join();
}

const Fault* FaultBackend::fault_of(const ReadOp& op) {
  const uint64_t number = reads_.fetch_add(1, std::memory_order_relaxed) + 1;
  for (const Fault& fault : faults_) {
    const bool meant = fault.every != 0 ? number % fault.every == 0
                                        : op.offset < fault.range_end && op.offset + op.length > fault.range_begin;
    if (meant && (!fault.direct_only || is_direct(op))) return &fault;
  }
  return nullptr;
}

void FaultBackend::start(ReadOp* const* ops, size_t count) {
  std::vector<ReadOp*> now;
  for (size_t i = 0; i < count; i++) start_one(*ops[i], now);
  inner_->start(now.data(), now.size());
}

void FaultBackend::start_one(ReadOp& original, std::vector<ReadOp*>& now) {
  auto made = std::make_unique<FaultyOp>();
  static_cast<ReadOp&>(*made) = original;
  FaultyOp* op = made.release();  // report() takes it back
  op->backend = this;
  op->original = &original;
  op->finished = &FaultBackend::on_finished;
  const Fault* fault = fault_of(original);
  const std::lock_guard lock(mutex_);
  in_flight_++;
  if (fault == nullptr || original.cancelled->load(std::memory_order_acquire)) {
    now.push_back(op);
    return;
  }
  switch (fault->kind) {
    case Fault::Kind::fails:
      inner_->post([op, result = -fault->sys_errno] { on_finished(op, result); });
      break;
    case Fault::Kind::comes_short:
      op->length = short_length(original);
      now.push_back(op);
      break;
    case Fault::Kind::is_late:
      late_.push_back({std::chrono::steady_clock::now() + std::chrono::milliseconds(fault->delay_ms), op});
      wake_.notify_one();
      break;
    case Fault::Kind::is_overtaken:
      op->overtaken = true;
      now.push_back(op);
      break;
  }
}

// On a thread of the inner backend. What was overtaken is reported, the last of it first, once three are held back
// or nothing is left that could end before them.
void FaultBackend::on_finished(ReadOp* finished, int64_t result) {
  constexpr size_t overtaken_max = 3;
  auto* op = static_cast<FaultyOp*>(finished);
  FaultBackend& backend = *op->backend;
  op->result = result;
  std::vector<FaultyOp*> now;
  {
    const std::lock_guard lock(backend.mutex_);
    backend.in_flight_--;
    (op->overtaken ? backend.overtaken_ : now).push_back(op);
    if (backend.in_flight_ == 0 || backend.overtaken_.size() >= overtaken_max) {
      now.insert(now.end(), backend.overtaken_.rbegin(), backend.overtaken_.rend());
      backend.overtaken_.clear();
    }
  }
  // The last report may end the batch, and with it this object: nothing of it is touched from here on.
  for (FaultyOp* ended : now) report(ended);
}

void FaultBackend::report(FaultyOp* op) {
  const std::unique_ptr<FaultyOp> ended(op);
  ended->original->finished(ended->original, ended->result);
}

void FaultBackend::run_late_reads() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(late_.begin(), late_.end(),
                                       [](const Late& left, const Late& right) { return left.due < right.due; });
    if (next == late_.end()) {
      wake_.wait(lock);
    } else if (const auto due = next->due; due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, due);
    } else {
      ReadOp* op = next->op;
      late_.erase(next);
      lock.unlock();
      inner_->start(&op, 1);
      lock.lock();
    }
  }
}

}  // namespace zc
