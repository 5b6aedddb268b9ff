#include "read_engine.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

#include "engine_core.h"
#include "engine_file.h"
#include "kept_for_good.h"
#include "read_plan.h"
#include "residency.h"
#include "row_table.h"

namespace zc {

// The table of open files, and the core, which may outlive the engine where reads never came back.
class ReadEngine::Impl {
 public:
  BackendChoice backend = BackendChoice::threads;
  std::string reason;
  uint32_t close_timeout_ms = 0;

  std::mutex mutex;                                // guards what follows
  std::shared_ptr<EngineCore> core;                // empty once closed
  ReadEngineStats last_stats;                      // of a core that is gone
  std::vector<std::shared_ptr<EngineFile>> files;  // by handle; empty where a handle is free
  std::vector<std::weak_ptr<RowTable>> tables;     // that files of this engine were added to

  std::shared_ptr<EngineFile> find(uint32_t file) {
    return file < files.size() ? files[file] : nullptr;
  }
  std::shared_ptr<EngineCore> running() {
    const std::lock_guard lock(mutex);
    return core;
  }
  // Tables that are still used.
  template <typename Each>
  void each_table(Each&& each) {
    std::erase_if(tables, [&](const std::weak_ptr<RowTable>& known) {
      const auto table = known.lock();
      if (table != nullptr) each(*table);
      return table == nullptr;
    });
  }
};

namespace {

Error closed_error(const char* operation) {
  return Error{.code = ErrorCode::closed, .operation = std::string(operation) + ": the read engine is closed"};
}

Error no_thread() {
  return Error{.code = ErrorCode::memory, .sys_errno = EAGAIN, .operation = "starting the threads of a read engine"};
}

Error unknown_file(const char* operation, uint32_t file) {
  return Error{.code = ErrorCode::argument,
               .operation = std::string(operation) + ": file " + std::to_string(file) + " is not open"};
}

}  // namespace

ReadEngine::ReadEngine(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Result<std::unique_ptr<ReadEngine>> ReadEngine::create(const Options& asked) noexcept {
  Options options = asked;
  options.depth = std::min(options.depth, 4096u);
  options.threads = std::clamp(options.threads, 1u, 256u);
  options.helpers = std::min(options.helpers, 64u);

  auto impl = std::make_shared<Impl>();
  impl->close_timeout_ms = options.close_timeout_ms;
  auto made = make_backend(options.backend,
                           {.depth = options.depth, .threads = options.threads, .faults = options.faults});
  if (!made) return std::move(made).error();
  impl->backend = made.value().choice;
  impl->reason = std::move(made.value().reason);
  impl->core = std::make_shared<EngineCore>(std::move(made.value().backend), options);
  if (!impl->core->usable()) return no_thread();
  return std::unique_ptr<ReadEngine>(new ReadEngine(std::move(impl)));
}

ReadEngine::~ReadEngine() { close(); }

BackendChoice ReadEngine::backend() const noexcept { return impl_->backend; }
const std::string& ReadEngine::reason() const noexcept { return impl_->reason; }

Result<uint32_t> ReadEngine::open_file(const std::string& path) noexcept {
  auto opened = EngineFile::open(path);
  if (!opened) return std::move(opened).error();
  const std::lock_guard lock(impl_->mutex);
  if (impl_->core == nullptr) return closed_error("open");
  auto& files = impl_->files;
  const auto place = std::find(files.begin(), files.end(), nullptr);
  const auto file = static_cast<uint32_t>(place - files.begin());
  if (place == files.end()) {
    files.push_back(std::move(opened).value());
  } else {
    *place = std::move(opened).value();
  }
  return file;
}

Result<void> ReadEngine::close_file(uint32_t file) noexcept {
  std::shared_ptr<EngineFile> last;  // goes after the lock
  const std::lock_guard lock(impl_->mutex);
  last = impl_->find(file);
  if (last == nullptr) return unknown_file("close", file);
  impl_->files[file] = nullptr;
  impl_->each_table([&](RowTable& table) { table.remove_file(*last); });
  return {};
}

Result<uint64_t> ReadEngine::file_size(uint32_t file) const noexcept {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->find(file);
  if (found == nullptr) return unknown_file("size", file);
  return found->size();
}

Result<uint64_t> ReadEngine::resident(uint32_t file, uint64_t offset, uint64_t length) const noexcept {
  std::shared_ptr<EngineFile> found;
  {
    const std::lock_guard lock(impl_->mutex);
    found = impl_->find(file);
  }
  if (found == nullptr) return unknown_file("asking what is resident", file);
  auto bytes = resident_bytes(found->buffered_fd(), offset, length);
  if (bytes) return bytes;
  Error error = std::move(bytes).error();
  error.path = found->path();
  return error;
}

Result<uint64_t> ReadEngine::submit(ReadTarget target, const double* plan, size_t plan_length,
                                    ReadCompletion completion, ReadFailures failures) noexcept {
  auto batch = std::make_shared<Batch>();
  std::shared_ptr<EngineCore> core;
  {
    const std::lock_guard lock(impl_->mutex);
    core = impl_->core;
    if (core == nullptr) return closed_error("read");
    auto parsed = parse_plan(plan, plan_length, target.length, [this](uint32_t file) { return impl_->find(file); });
    if (!parsed) return std::move(parsed).error();
    batch->plan = std::move(parsed).value();
  }
  batch->target = std::move(target);
  batch->completion = std::move(completion);
  batch->collects = failures;
  const uint64_t number = batch->number = core->next_number();
  if (!core->start(std::move(batch))) return closed_error("read");
  return number;
}

Result<void> ReadEngine::add_rows(const std::shared_ptr<RowTable>& table, uint64_t place, uint32_t file,
                                  std::vector<RowColumn> columns) noexcept {
  // All of it under the lock: the file must not be closed between being found and standing in the table.
  const std::lock_guard lock(impl_->mutex);
  auto found = impl_->find(file);
  if (found == nullptr) return unknown_file("adding rows", file);
  bool known = false;
  impl_->each_table([&](RowTable& each) { known = known || &each == table.get(); });
  if (!known) impl_->tables.push_back(table);
  return table->add(place, std::move(found), std::move(columns));
}

Result<uint64_t> ReadEngine::submit_rows(ReadTarget target, const RowTable& table, const double* numbers, size_t count,
                                         const double* places, size_t place_count,
                                         ReadCompletion completion) noexcept {
  const auto core = impl_->running();
  if (core == nullptr) return closed_error("read");
  auto found = table.find(numbers, count, places, place_count, target.length);
  if (!found) return std::move(found).error();
  auto batch = std::make_shared<Batch>();
  batch->rows = std::move(found).value();
  batch->target = std::move(target);
  batch->completion = std::move(completion);
  const uint64_t number = batch->number = core->next_number();
  if (!core->start_rows(std::move(batch))) return closed_error("read");
  return number;
}

Result<uint64_t> ReadEngine::prefetch(uint32_t file, std::vector<FileRange> ranges,
                                      ReadCompletion completion) noexcept {
  std::shared_ptr<EngineFile> found;
  std::shared_ptr<EngineCore> core;
  {
    const std::lock_guard lock(impl_->mutex);
    core = impl_->core;
    if (core == nullptr) return closed_error("prefetch");
    found = impl_->find(file);
  }
  if (found == nullptr) return unknown_file("prefetch", file);
  for (const auto& [offset, length] : ranges) {
    if (offset <= found->size() && length <= found->size() - offset) continue;
    return Error{.code = ErrorCode::argument,
                 .operation = "prefetch of " + std::to_string(length) + " bytes, which ends behind the end of the file",
                 .path = found->path(),
                 .offset = static_cast<int64_t>(offset),
                 .expected = static_cast<int64_t>(found->size())};
  }
  auto batch = std::make_shared<Batch>();
  batch->completion = std::move(completion);
  const uint64_t number = batch->number = core->next_number();
  if (!core->start_prefetch(std::move(batch), std::move(found), std::move(ranges))) return closed_error("prefetch");
  return number;
}

bool ReadEngine::cancel(uint64_t batch) noexcept {
  const auto core = impl_->running();
  return core != nullptr && core->cancel(batch);
}

ReadEngineStats ReadEngine::stats() const noexcept {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core == nullptr ? impl_->last_stats : impl_->core->stats();
}

bool ReadEngine::close() noexcept { return close(impl_->close_timeout_ms); }

bool ReadEngine::close(uint32_t timeout_ms) noexcept {
  std::vector<std::shared_ptr<EngineFile>> files;  // go after the lock, and after the reads
  std::shared_ptr<EngineCore> core = impl_->running();
  if (core == nullptr) return true;
  const bool clean = core->drain(timeout_ms);
  const std::lock_guard lock(impl_->mutex);
  impl_->last_stats = core->stats();
  impl_->core = nullptr;
  files.swap(impl_->files);
  impl_->each_table([](RowTable& table) { table.clear(); });
  // Reads that never came back would be written into freed memory.
  if (!clean) keep_for_good(std::move(core));
  return clean;
}

}  // namespace zc
