// Takes the next batch of an iteration off the socket, if it is there, and makes it: all that the interpreter has to
// call for a batch that is ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "batch_maker.h"
#include "consumer_counts.h"
#include "python_api.h"
#include "zc_core.h"

namespace zc::capi {

class BatchTaker {
 public:
  struct Place {
    int control;
    uint32_t channel;
    uint32_t iteration;
  };
  // `counts` and `stream` are shared with Python, which keeps them in `keeper`.
  BatchTaker(const PythonApi& api, PyRef maker, const BatchMaker& batches, Place place, ConsumerCounts counts,
             zc_stream* stream, PyRef keeper);

  // The batch; None where what has come, if anything, is something else, which is left where it is. A null pointer
  // where a call into Python has failed. Waits a moment for one that has not come, without the interpreter's lock, so
  // that a server which is about to send it need not be told that somebody waits.
  PyObject* take();

 private:
  // Whether nothing forbids to read the socket here and now.
  bool may_read() const;
  // Whether there is something to read within a moment.
  bool wait();
  // Whether the frame that comes next is whole and brings the next batch; `frame_` holds it then.
  bool look();
  // Takes it off the socket.
  bool consume();

  const PythonApi& api_;
  const PyRef maker_;
  const BatchMaker& batches_;
  const Place place_;
  const ConsumerCounts counts_;
  zc_stream* const stream_;
  const PyRef keeper_;
  std::vector<std::byte> frame_;
  // Not once a wait was in vain, until a batch is there by itself: the server may have to hear of whoever waits.
  bool patient_ = true;
};

}  // namespace zc::capi
