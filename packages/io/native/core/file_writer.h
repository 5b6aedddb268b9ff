// Writes one file from front to back, past the page cache, and names it once it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backend_choice.h"
#include "result.h"

namespace zc {

struct WrittenFile {
  uint64_t bytes = 0;
  uint64_t bytes_direct = 0;  // of these, those that went by O_DIRECT
  uint32_t crc32c = 0;        // of the whole file; 0 where it was not asked for
};

// Copies what it is given into a few aligned blocks, with the checksum in the same pass; a thread of its own hands
// them to the same backends that read for the read engine; several are in flight. What does not fill a block goes by an ordinary
// write at the end. Until finish() has put everything on the disk, nothing lies under the path.
//
// append(), finish() and abort() are for one caller at a time; abort() may also come while finish() runs.
class FileWriter {
 public:
  static constexpr uint32_t block_bytes = 1 << 20;

  struct Options {
    BackendChoice backend = BackendChoice::automatic;
    uint32_t blocks = 8;    // that memory is held for: one is filled while the others are on their way
    bool direct = true;     // O_DIRECT where the file system has it
    bool overwrite = false; // whether a file that lies at the path is replaced
    bool checksum = true;
    std::string faults{};   // for tests: what writes are made to suffer, in the words of parse_faults()
  };

  // `on_room` is called, on a thread of the writer, once after each append() that did not take everything: when
  // there is room again, or the writing has failed. It must not block or call the writer.
  //
  // `exists`, `write`, `memory`; `ring_refused` when io_uring is asked for by name and refused.
  static Result<std::unique_ptr<FileWriter>> create(const std::string& path, const Options& options,
                                                    std::function<void()> on_room) noexcept;
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  // abort(5000) where neither finish() nor abort() came before.
  ~FileWriter();

  BackendChoice backend() const noexcept;  // never automatic

  // Takes as many bytes as there is room for, and says how many; they are the caller's again at once. Does not
  // block. After any error of the system every call gives that error.
  Result<size_t> append(const std::byte* data, size_t length) noexcept;
  // Taken so far.
  uint64_t length() const noexcept;

  // Waits for all blocks, writes the rest, cuts off what was allocated too much, puts the file on the disk and
  // names it. After an error nothing of the file is left, but for what
  // UnpublishedFile::publish() says. Blocks.
  Result<WrittenFile> finish() noexcept;

  // Gives up what is in flight and waits for it; nothing of the file is left. False when the kernel still held
  // writes after `timeout_ms`: then their memory, threads and ring are left to it for good.
  bool abort(uint32_t timeout_ms) noexcept;

 private:
  class Core;
  explicit FileWriter(std::shared_ptr<Core> core) noexcept;
  std::shared_ptr<Core> core_;
};

}  // namespace zc
