#include "batch_taker.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <span>
#include <utility>

namespace zc::capi {
namespace {

// Length of the payload, and channel.
using FrameHead = std::array<uint32_t, 2>;

constexpr int moment_ms = 1;

}  // namespace

BatchTaker::BatchTaker(const PythonApi& api, PyRef maker, const BatchMaker& batches, Place place,
                       ConsumerCounts counts, zc_stream* stream, PyRef keeper)
    : api_(api),
      maker_(std::move(maker)),
      batches_(batches),
      place_(place),
      counts_(counts),
      stream_(stream),
      keeper_(std::move(keeper)),
      frame_(sizeof(FrameHead) + batches.message_bytes()) {}

PyObject* BatchTaker::take() {
  if (!may_read()) return api_.new_none();
  const bool is_first_try = !counts_.asking();
  const bool is_ready = look();
  counts_.asked(is_ready);
  if (is_ready) {
    patient_ = true;
  } else if (is_first_try && wait()) {
    // An interrupt that came meanwhile comes before the batch, which stays where it is.
    if (api_.check_signals() != 0) return nullptr;
    if (!may_read() || !look()) return api_.new_none();
  } else {
    return api_.new_none();
  }
  const auto message = std::span<const std::byte>(frame_).subspan(sizeof(FrameHead));
  if (!batches_.takes(message) || !consume()) return api_.new_none();
  // Before any call into Python, which may let another thread come here.
  counts_.iteration().taken++;
  PyObject* batch = batches_.make(message);
  if (batch != nullptr) counts_.given();
  return batch;
}

bool BatchTaker::may_read() const {
  return counts_.iteration().over == 0 && stream_->busy == 0 && stream_->closed == 0;
}

bool BatchTaker::wait() {
  if (!patient_) return false;
  void* const unlocked = api_.unlock();
  struct pollfd waited = {.fd = place_.control, .events = POLLIN, .revents = 0};
  const bool has_come = ::poll(&waited, 1, moment_ms) > 0;
  api_.lock(unlocked);
  patient_ = has_come;
  return has_come;
}

bool BatchTaker::look() {
  const ssize_t found = ::recv(place_.control, frame_.data(), frame_.size(), MSG_PEEK | MSG_DONTWAIT);
  if (found != static_cast<ssize_t>(frame_.size())) return false;
  FrameHead head;
  std::memcpy(head.data(), frame_.data(), sizeof head);
  if (head[0] != frame_.size() - sizeof head || head[1] != place_.channel) return false;
  BatchHead batch;
  std::memcpy(&batch, frame_.data() + sizeof head, sizeof batch);
  return batch.iteration == place_.iteration && batch.number == counts_.iteration().taken;
}

bool BatchTaker::consume() {
  // The same bytes: who else reads the socket needs the interpreter's lock for it, or has said that it is busy.
  const ssize_t found = ::recv(place_.control, frame_.data(), frame_.size(), MSG_DONTWAIT);
  if (found > 0) stream_->received_bytes += static_cast<uint64_t>(found);
  return found == static_cast<ssize_t>(frame_.size());
}

}  // namespace zc::capi
