#include "file_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "backend_choice.h"
#include "crc32c.h"
#include "engine_file.h"
#include "kept_for_good.h"
#include "thread_pool.h"
#include "unpublished_file.h"

namespace zc {
namespace {

// Extents are asked for ahead in steps of this size, so that writes neither extend the file one by one nor scatter it.
constexpr uint64_t allocation_step_bytes = 64 << 20;

}  // namespace

// Blocks go round: free -> filling (the caller's thread) -> in flight (the writer's thread, then the backend's) ->
// free. Kept for good where the kernel never gives a block back.
class FileWriter::Core {
 public:
  Core(UnpublishedFile file, const Options& options, std::function<void()> on_room)
      : file_(std::move(file)), checksum_(options.checksum), on_room_(std::move(on_room)) {}
  ~Core();

  Result<void> start(const Options& options) noexcept;
  Result<size_t> append(const std::byte* data, size_t length) noexcept;
  Result<WrittenFile> finish() noexcept;
  bool abort(uint32_t timeout_ms) noexcept;

  BackendChoice backend = BackendChoice::threads;
  uint64_t length = 0;  // taken; the caller's thread alone

 private:
  struct Block : ReadOp {
    Core* core = nullptr;
    std::byte* data = nullptr;
    uint32_t filled = 0;
  };

  void copy(std::byte* to, const std::byte* from, size_t count);
  std::optional<Error> failure();
  Block* take_free_block();
  void hand_over(Block* block);
  void send(Block* block);
  static void advance(ReadOp* op, int64_t result);
  bool write_buffered_instead(Block& block, int64_t result);
  void give_back(Block* block, std::optional<Error> error);
  void allocate_until(uint64_t end);
  Result<WrittenFile> complete();
  Result<void> write_rest(uint64_t offset);
  Error write_error(int sys_errno, const char* operation, uint64_t offset) const;

  UnpublishedFile file_;
  UniqueFd direct_fd_;
  uint32_t direct_unit_ = 1;  // that direct writes must be multiples of
  std::atomic<bool> direct_refused_{false};
  const bool checksum_;
  const std::function<void()> on_room_;

  std::byte* memory_ = nullptr;
  std::vector<Block> blocks_;

  // The caller's thread alone.
  Block* filling_ = nullptr;
  uint32_t crc32c_ = 0;

  // The writer's thread alone.
  uint64_t sent_ = 0;
  uint64_t allocated_ = 0;
  bool allocates_ = true;

  std::atomic<uint64_t> bytes_direct_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable landed_;
  std::vector<Block*> free_;         // under mutex_, as what follows
  uint32_t in_flight_ = 0;           // handed over and not given back
  std::optional<Error> failure_;     // the first one
  bool room_wanted_ = false;
  bool finished_ = false;
  bool given_up_ = false;            // the kernel did not give everything back in time

  // Last, so that their threads have ended before what they use goes.
  std::unique_ptr<ReadBackend> io_;
  std::optional<ThreadPool> worker_;
};

FileWriter::Core::~Core() {
  worker_.reset();
  io_.reset();
  if (memory_ != nullptr) ::munmap(memory_, blocks_.size() * block_bytes);
}

Result<void> FileWriter::Core::start(const Options& options) noexcept {
  const uint32_t count = std::clamp(options.blocks, 2u, 1024u);
  void* memory = ::mmap(nullptr, size_t{count} * block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return Error{.code = ErrorCode::memory, .sys_errno = errno, .operation = "making the blocks of a writer",
                 .path = file_.path(), .expected = int64_t{count} * block_bytes};
  }
  memory_ = static_cast<std::byte*>(memory);
  blocks_.resize(count);
  for (uint32_t i = 0; i < count; i++) {
    blocks_[i].core = this;
    blocks_[i].data = memory_ + size_t{i} * block_bytes;
    blocks_[i].write = true;
    blocks_[i].cancelled = &stopped_;
    blocks_[i].finished = &Core::advance;
    free_.push_back(&blocks_[i]);
  }
  auto made = make_backend(options.backend, {.depth = count, .threads = std::min(count, 8u), .faults = options.faults});
  if (!made) return std::move(made).error();
  io_ = std::move(made.value().backend);
  backend = made.value().choice;
  worker_.emplace("zc-write", 1);
  if (worker_->size() == 0) {
    return Error{.code = ErrorCode::memory, .sys_errno = EAGAIN, .operation = "starting the thread of a writer",
                 .path = file_.path()};
  }
  const auto alignment = options.direct ? direct_alignment(file_.fd()) : std::nullopt;
  if (alignment && alignment->offset <= block_bytes && block_bytes % alignment->offset == 0) {
    direct_fd_ = file_.open_direct();
    direct_unit_ = alignment->offset;
  }
  direct_refused_ = !direct_fd_;
  return {};
}

Result<size_t> FileWriter::Core::append(const std::byte* data, size_t wanted) noexcept {
  if (auto failed = failure()) return *std::move(failed);
  size_t taken = 0;
  while (taken < wanted) {
    if (filling_ == nullptr) filling_ = take_free_block();
    if (filling_ == nullptr) break;
    const size_t part = std::min<size_t>(wanted - taken, block_bytes - filling_->filled);
    copy(filling_->data + filling_->filled, data + taken, part);
    filling_->filled += static_cast<uint32_t>(part);
    taken += part;
    if (filling_->filled == block_bytes) hand_over(std::exchange(filling_, nullptr));
  }
  length += taken;
  return taken;
}

// One pass over memory: of what was copied, the checksum finds each part in the first-level cache.
void FileWriter::Core::copy(std::byte* to, const std::byte* from, size_t count) {
  if (checksum_) {
    crc32c_ = crc32c_copy(to, from, count, crc32c_);
  } else {
    std::memcpy(to, from, count);
  }
}

std::optional<Error> FileWriter::Core::failure() {
  const std::lock_guard lock(mutex_);
  if (finished_ || (stopped_ && !failure_)) {
    return Error{.code = ErrorCode::closed, .operation = "append: the file writer is closed", .path = file_.path()};
  }
  return failure_;
}

// Null where all are in flight: then on_room_ is promised.
FileWriter::Core::Block* FileWriter::Core::take_free_block() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    room_wanted_ = true;
    return nullptr;
  }
  Block* block = free_.back();
  free_.pop_back();
  block->filled = 0;
  return block;
}

void FileWriter::Core::hand_over(Block* block) {
  {
    const std::lock_guard lock(mutex_);
    in_flight_++;
  }
  worker_->push([this, block] { send(block); });
}

// On the writer's thread, block after block.
void FileWriter::Core::send(Block* block) {
  if (stopped_) return give_back(block, std::nullopt);
  allocate_until(sent_ + block_bytes);
  block->fd = direct_refused_ ? file_.fd() : direct_fd_.get();
  block->buffer = block->data;
  block->length = block_bytes;
  block->offset = sent_;
  sent_ += block_bytes;
  ReadOp* op = block;
  io_->start(&op, 1);
}

// One write call came back; on a thread of the backend.
void FileWriter::Core::advance(ReadOp* op, int64_t result) {
  Block& block = *static_cast<Block*>(op);
  Core& core = *block.core;
  const bool direct = block.fd == core.direct_fd_.get();
  bool again = result == -EINTR || result == -EAGAIN;
  if (result > 0) {
    // What a direct write left in the middle of a unit is written once more with the rest of that unit.
    const auto count = static_cast<uint32_t>(direct && result < block.length ? result / core.direct_unit_ * core.direct_unit_ : result);
    if (direct) core.bytes_direct_ += count;
    block.buffer += count;
    block.offset += count;
    block.length -= count;
    if (block.length == 0) return core.give_back(&block, std::nullopt);
    // A write that comes short is followed by the rest, so that the system says what stopped it.
    again = count > 0;
  }
  if (again || (direct && core.write_buffered_instead(block, result))) return core.io_->start(&op, 1);
  const int sys_errno = result < 0 ? static_cast<int>(-result) : EIO;
  core.give_back(&block, core.write_error(sys_errno, "write", block.offset));
}

// Where the file system took the flag and refuses the write, or wrote less than a unit.
bool FileWriter::Core::write_buffered_instead(Block& block, int64_t result) {
  if (result < 0 && result != -EINVAL && result != -EOPNOTSUPP) return false;
  direct_refused_ = true;
  block.fd = file_.fd();
  return true;
}

void FileWriter::Core::give_back(Block* block, std::optional<Error> error) {
  // Everything under the lock, for whoever waits may end this object as soon as it has seen the last block.
  const std::lock_guard lock(mutex_);
  if (error && !failure_ && !stopped_) {
    failure_ = std::move(error);
    stopped_ = true;
  }
  free_.push_back(block);
  in_flight_--;
  landed_.notify_all();
  if (std::exchange(room_wanted_, false)) on_room_();
}

// A failure here is none of the writing: the write itself will say that there is no room.
void FileWriter::Core::allocate_until(uint64_t end) {
  if (!allocates_ || end <= allocated_) return;
  // The last of a disk is not taken ahead: it may be what another file needs.
  struct statvfs space;
  allocates_ = ::fstatvfs(file_.fd(), &space) == 0 &&
               uint64_t{space.f_bavail} * space.f_frsize >= 4 * allocation_step_bytes &&
               ::fallocate(file_.fd(), 0, static_cast<off_t>(allocated_), off_t{allocation_step_bytes}) == 0;
  if (allocates_) allocated_ += allocation_step_bytes;
}

Result<WrittenFile> FileWriter::Core::finish() noexcept {
  std::promise<Result<WrittenFile>> promise;
  auto completed = promise.get_future();
  // The thread whose signals are blocked: a write past RLIMIT_FSIZE raises SIGXFSZ where it is made.
  worker_->push([&] { promise.set_value(complete()); });
  return completed.get();
}

Result<WrittenFile> FileWriter::Core::complete() {
  {
    std::unique_lock lock(mutex_);
    landed_.wait(lock, [this] { return in_flight_ == 0 || given_up_; });
    if (finished_ || (stopped_ && !failure_)) {
      return Error{.code = ErrorCode::closed, .operation = "finish: the file writer is closed", .path = file_.path()};
    }
    finished_ = true;
  }
  Result<void> done;
  if (failure_) done = *failure_;
  if (done) done = write_rest(sent_);
  if (done) done = file_.publish();
  file_.discard();
  if (!done) return std::move(done).error();
  return WrittenFile{.bytes = length, .bytes_direct = bytes_direct_, .crc32c = crc32c_};
}

Result<void> FileWriter::Core::write_rest(uint64_t offset) {
  const std::byte* data = filling_ == nullptr ? nullptr : filling_->data;
  const uint32_t count = filling_ == nullptr ? 0 : filling_->filled;
  for (uint32_t at = 0; at < count;) {
    const ssize_t written = ::pwrite(file_.fd(), data + at, count - at, static_cast<off_t>(offset + at));
    if (written > 0) {
      at += static_cast<uint32_t>(written);
    } else if (written == 0 || errno != EINTR) {
      return write_error(written == 0 ? EIO : errno, "write", offset + at);
    }
  }
  if (::ftruncate(file_.fd(), static_cast<off_t>(length)) != 0) {
    return write_error(errno, "cutting off what was allocated too much", length);
  }
  if (::fsync(file_.fd()) != 0) return write_error(errno, "putting the bytes on the disk", length);
  return {};
}

bool FileWriter::Core::abort(uint32_t timeout_ms) noexcept {
  stopped_ = true;
  io_->cancel_all();
  std::unique_lock lock(mutex_);
  // It was waited for once.
  if (given_up_) timeout_ms = 0;
  const bool clean = landed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return in_flight_ == 0; });
  if (!clean) {
    given_up_ = true;
    landed_.notify_all();
  } else if (!finished_) {
    finished_ = true;
    file_.discard();
  }
  return clean;
}

Error FileWriter::Core::write_error(int sys_errno, const char* operation, uint64_t offset) const {
  return Error{.code = ErrorCode::write, .sys_errno = sys_errno, .operation = operation, .path = file_.path(),
               .offset = static_cast<int64_t>(offset)};
}

FileWriter::FileWriter(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

Result<std::unique_ptr<FileWriter>> FileWriter::create(const std::string& path, const Options& options,
                                                       std::function<void()> on_room) noexcept {
  auto file = UnpublishedFile::create(path, options.overwrite);
  if (!file) return std::move(file).error();
  auto core = std::make_shared<Core>(std::move(file).value(), options, std::move(on_room));
  if (auto started = core->start(options); !started) return std::move(started).error();
  return std::unique_ptr<FileWriter>(new FileWriter(std::move(core)));
}

FileWriter::~FileWriter() {
  constexpr uint32_t timeout_ms = 5000;
  abort(timeout_ms);
}

BackendChoice FileWriter::backend() const noexcept { return core_->backend; }
uint64_t FileWriter::length() const noexcept { return core_->length; }
Result<size_t> FileWriter::append(const std::byte* data, size_t length) noexcept { return core_->append(data, length); }
Result<WrittenFile> FileWriter::finish() noexcept { return core_->finish(); }

bool FileWriter::abort(uint32_t timeout_ms) noexcept {
  const bool clean = core_->abort(timeout_ms);
  // Writes in flight point into the core.
  if (!clean) keep_for_good(core_);
  return clean;
}

}  // namespace zc
