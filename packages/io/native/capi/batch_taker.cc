#include "batch_taker.h"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace zc::capi {
namespace {

// Length of the payload, and channel.
using FrameHead = std::array<uint32_t, 2>;

// As Python's time.perf_counter().
double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

BatchTaker::BatchTaker(const PythonApi& api, PyRef maker, const BatchMaker& batches, Place place, Counts counts,
                       PyRef keeper)
    : api_(api),
      maker_(std::move(maker)),
      batches_(batches),
      place_(place),
      counts_(counts),
      keeper_(std::move(keeper)),
      frame_(sizeof(FrameHead) + batches.message_bytes()) {}

PyObject* BatchTaker::take() {
  const zc_stream& stream = *counts_.stream;
  if (counts_.iteration->over != 0 || stream.busy != 0 || stream.closed != 0) return api_.new_none();
  note_asked();
  if (!look()) return api_.new_none();
  const auto message = std::span<const std::byte>(frame_).subspan(sizeof(FrameHead));
  if (!batches_.takes(message) || !consume()) return api_.new_none();
  // Before any call into Python, which may let another thread come here.
  counts_.iteration->taken++;
  PyObject* batch = batches_.make(message);
  if (batch != nullptr) note_given();
  return batch;
}

bool BatchTaker::look() {
  const ssize_t found = ::recv(place_.control, frame_.data(), frame_.size(), MSG_PEEK | MSG_DONTWAIT);
  if (found != static_cast<ssize_t>(frame_.size())) return false;
  FrameHead head;
  std::memcpy(head.data(), frame_.data(), sizeof head);
  if (head[0] != frame_.size() - sizeof head || head[1] != place_.channel) return false;
  BatchHead batch;
  std::memcpy(&batch, frame_.data() + sizeof head, sizeof batch);
  return batch.iteration == place_.iteration && batch.number == counts_.iteration->taken;
}

bool BatchTaker::consume() {
  // The same bytes: who else reads the socket needs the interpreter's lock for it, or has said that it is busy.
  const ssize_t found = ::recv(place_.control, frame_.data(), frame_.size(), MSG_DONTWAIT);
  if (found > 0) counts_.stream->received_bytes += static_cast<uint64_t>(found);
  return found == static_cast<ssize_t>(frame_.size());
}

void BatchTaker::note_asked() {
  zc_iteration& iteration = *counts_.iteration;
  zc_clock& clock = *counts_.clock;
  if (iteration.asking != 0) {
    clock.ready = 0;
    return;
  }
  iteration.asking = 1;
  clock.ready = 1;
  clock.asked_at = now_seconds();
  if (iteration.given_at > 0) clock.step_ms += (clock.asked_at - iteration.given_at) * 1000;
}

void BatchTaker::note_given() {
  zc_iteration& iteration = *counts_.iteration;
  zc_clock& clock = *counts_.clock;
  iteration.given_at = now_seconds();
  iteration.asking = 0;
  clock.waited_ms += (iteration.given_at - clock.asked_at) * 1000;
  clock.stalls += clock.ready == 0 ? 1 : 0;
  clock.ready_batches += clock.ready;
  iteration.handed_out++;
}

}  // namespace zc::capi
