// Which backend does the reads and writes: io_uring, or threads where it cannot be had.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "read_backend.h"
#include "result.h"

namespace zc {

enum class BackendChoice { automatic, io_uring, threads };

struct BackendOptions {
  uint32_t depth = 0;     // in flight in the ring, at most; 0: as many as the device gains from
  uint32_t threads = 16;  // of the thread pool, where that is the backend
  std::string faults{};   // for tests: what reads and writes are made to suffer, in the words of parse_faults()
};

struct MadeBackend {
  std::unique_ptr<ReadBackend> backend;
  BackendChoice choice = BackendChoice::threads;  // never automatic
  std::string reason{};                           // why it is not io_uring, and what to do; empty where it is
};

// `ring_refused` when io_uring is asked for by name and refused; `memory` where there is no thread to be had.
Result<MadeBackend> make_backend(BackendChoice asked, const BackendOptions& options) noexcept;

}  // namespace zc
