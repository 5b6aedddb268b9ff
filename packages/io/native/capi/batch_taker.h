// Takes the next batch of an iteration off the socket, if it is there, and makes it: all that the interpreter has to
// call for a batch that is ready.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "batch_maker.h"
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
  // Shared with Python, which keeps them in `keeper`.
  struct Counts {
    zc_iteration* iteration;
    zc_clock* clock;
    zc_stream* stream;
  };
  BatchTaker(const PythonApi& api, PyRef maker, const BatchMaker& batches, Place place, Counts counts, PyRef keeper);

  // The batch; None where what has come, if anything, is something else, which is left where it is. A null pointer
  // where a call into Python has failed.
  PyObject* take();

 private:
  // Whether the frame that comes next is whole and brings the next batch; `frame_` holds it then.
  bool look();
  // Takes it off the socket.
  bool consume();
  void note_asked();
  void note_given();

  const PythonApi& api_;
  const PyRef maker_;
  const BatchMaker& batches_;
  const Place place_;
  const Counts counts_;
  const PyRef keeper_;
  std::vector<std::byte> frame_;
};

}  // namespace zc::capi
