// How an extent is read from the device: place it, read it in chunks, check it and copy it out.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine_core.h"

namespace zc {
namespace {

// Of one read call. Larger ones gain nothing from the device and keep the others waiting.
constexpr uint64_t read_bytes_max = 1 << 20;

// What a backend's thread copies and checks by itself: about 2 us, so that even a ring full of completions keeps
// it from the ring for no more than some 100 us.
constexpr uint64_t inline_bytes_max = 16 << 10;

// Rows that are gathered at a time, on the stack.
constexpr size_t rows_max = 64;

bool is_multiple(uint64_t number, uint64_t of) { return number % of == 0; }

// The bytes that a processor has to touch once the extent is read.
uint64_t bytes_to_process(const Batch& batch, const Extent& extent, bool staged) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < extent.piece_count; i++) {
    const Piece& piece = batch.plan.pieces[extent.first_piece + i];
    if (piece.checked || (staged && piece.copied)) bytes += piece.length;
  }
  return bytes;
}

}  // namespace

// A task on a backend's thread; holds one unit.
void EngineCore::start_reads(Batch& batch, Indices indices) {
  std::vector<ReadOp*> ops;
  for (const uint32_t index : indices) {
    issue(batch, index, batch.plan.extents[index].way == ReadWay::direct, ops);
  }
  backend_->start(ops.data(), ops.size());
  done(batch, 1);
}

// Prepares an extent's reads and adds them to `ops`, or ends it, or leaves it waiting for a staging buffer.
void EngineCore::issue(Batch& batch, uint32_t index, bool want_direct, std::vector<ReadOp*>& ops) {
  if (batch.stopped.load(std::memory_order_acquire)) return done(batch, 1);
  auto made = std::make_unique<ExtentRead>();
  made->core = this;
  made->batch = &batch;
  made->index = index;
  {
    const std::lock_guard lock(staging_mutex_);
    // Those who wait already come first, but for what needs no staging.
    if (!place(*made, batch.plan.extents[index], want_direct, waiting_.empty())) {
      if (!waiting_.empty() || !staging_.idle()) {
        waiting_.push_back({&batch, index, want_direct});
        return;
      }
      fail_for_memory(batch, index);
    }
  }
  begin(batch, index, std::move(made), ops);
}

// The same for the extent that has waited longest. False where there is none, or still no buffer for it: the others
// then wait on as well, and are not looked at.
bool EngineCore::issue_first_waiting(std::vector<ReadOp*>& ops) {
  std::unique_lock lock(staging_mutex_);
  if (waiting_.empty()) return false;
  const auto [batch, index, want_direct] = waiting_.front();
  std::unique_ptr<ExtentRead> made;
  if (!batch->stopped.load(std::memory_order_acquire)) {
    made = std::make_unique<ExtentRead>();
    made->core = this;
    made->batch = batch;
    made->index = index;
    if (!place(*made, batch->plan.extents[index], want_direct, true)) {
      if (!staging_.idle()) return false;
      fail_for_memory(*batch, index);
    }
  }
  waiting_.pop_front();
  lock.unlock();
  if (made == nullptr) {
    done(*batch, 1);
  } else {
    begin(*batch, index, std::move(made), ops);
  }
  return true;
}

void EngineCore::fail_for_memory(Batch& batch, uint32_t index) {
  const Extent& extent = batch.plan.extents[index];
  batch.fail({.code = ErrorCode::memory, .sys_errno = ENOMEM, .operation = "making a staging buffer",
              .path = extent.file->path(), .offset = static_cast<int64_t>(extent.offset),
              .expected = static_cast<int64_t>(extent.length), .tag = batch.tag_of(extent)});
}

// An extent that was placed, or could not be.
void EngineCore::begin(Batch& batch, uint32_t index, std::unique_ptr<ExtentRead> made, std::vector<ReadOp*>& ops) {
  ExtentRead& read = *made;
  batch.reads[index] = std::move(made);
  if (read.bytes == nullptr) return done(batch, 1);
  if (read.chunks.empty()) return read_done(read);
  for (ChunkOp& chunk : read.chunks) ops.push_back(&chunk);
}

// Decides where the extent's bytes land and cuts the read. False when it would need a staging buffer, and there is
// none or it `may_stage` not. Called with the staging mutex held.
bool EngineCore::place(ExtentRead& read, const Extent& extent, bool want_direct, bool may_stage) {
  const Batch& batch = *read.batch;
  const auto direct = want_direct ? extent.file->direct() : std::nullopt;
  read.direct_alignment = direct ? direct->alignment.offset : 0;
  const uint64_t unit = direct ? direct->alignment.offset : 1;

  std::byte* slot = batch.target.data + batch.plan.pieces[extent.first_piece].slot_offset;
  const bool straight =
      extent.length == 0 ||
      (extent.contiguous &&
      (!direct || (is_multiple(extent.offset, unit) && is_multiple(extent.length, unit) &&
                   is_multiple(reinterpret_cast<uintptr_t>(slot), direct->alignment.memory))));
  const uint64_t begin = extent.offset / unit * unit;
  const uint64_t end = (extent.offset + extent.length + unit - 1) / unit * unit;
  if (straight) {
    read.bytes = slot;
  } else {
    const auto buffer = may_stage ? staging_.acquire(end - begin) : std::nullopt;
    if (!buffer) return false;
    read.staging = *buffer;
    read.bytes = buffer->data + (extent.offset - begin);
  }
  if (extent.length > 0) add_chunks(read, extent, begin, end);
  for (ChunkOp& chunk : read.chunks) chunk.fd = direct ? direct->fd : extent.file->buffered_fd();
  return true;
}

void EngineCore::add_chunks(ExtentRead& read, const Extent& extent, uint64_t begin, uint64_t end) {
  std::byte* first_byte = read.bytes - (extent.offset - begin);
  const uint64_t extent_end = extent.offset + extent.length;
  read.chunks.resize((end - begin + read_bytes_max - 1) / read_bytes_max);
  read.chunks_left.store(static_cast<uint32_t>(read.chunks.size()), std::memory_order_relaxed);
  uint64_t at = begin;
  for (ChunkOp& chunk : read.chunks) {
    const uint64_t length = std::min(read_bytes_max, end - at);
    chunk.buffer = first_byte + (at - begin);
    chunk.length = static_cast<uint32_t>(length);
    chunk.offset = at;
    chunk.needed = static_cast<uint32_t>(std::min(at + length, extent_end) - at);
    chunk.cancelled = &read.batch->stopped;
    chunk.finished = &EngineCore::advance;
    chunk.read = &read;
    at += length;
  }
}

// One read call of a chunk came back; on a thread of the backend.
void EngineCore::advance(ReadOp* op, int64_t result) {
  auto& chunk = *static_cast<ChunkOp*>(op);
  ExtentRead& read = *chunk.read;
  EngineCore& core = *read.core;
  bool again = result == -EINTR || result == -EAGAIN;
  if (result > 0) {
    const auto count = static_cast<uint32_t>(result);
    core.reads_.fetch_add(1, std::memory_order_relaxed);
    core.bytes_read_.fetch_add(count, std::memory_order_relaxed);
    if (read.direct_alignment != 0) core.reads_direct_.fetch_add(1, std::memory_order_relaxed);
    chunk.done += count;
    chunk.buffer += count;
    chunk.offset += count;
    chunk.length -= count;
    // Direct reads come short of a whole unit only where the file ends.
    const bool ended = read.direct_alignment != 0 && !is_multiple(chunk.done, read.direct_alignment);
    again = chunk.done < chunk.needed && !ended;
  }
  if (again) return core.backend_->start(&op, 1);
  if (chunk.done < chunk.needed) core.fail_read(read, chunk, result);
  if (read.chunks_left.fetch_sub(1, std::memory_order_acq_rel) == 1) core.read_done(read);
}

void EngineCore::fail_read(ExtentRead& read, const ChunkOp& chunk, int64_t result) {
  Batch& batch = *read.batch;
  const Extent& extent = batch.plan.extents[read.index];
  if (result == -ECANCELED && batch.stopped.load(std::memory_order_acquire)) return;
  if (read.direct_alignment != 0 && (result == -EINVAL || result == -EOPNOTSUPP)) {
    read.direct_refused.store(true, std::memory_order_release);
    return;
  }
  Error error{.path = extent.file->path(), .offset = static_cast<int64_t>(extent.offset),
              .tag = batch.tag_of(extent)};
  if (result < 0) {
    error.code = ErrorCode::read;
    error.sys_errno = static_cast<int>(-result);
    error.operation = "read of " + std::to_string(extent.length) + " bytes";
    error.offset = static_cast<int64_t>(chunk.offset);
  } else {
    error.code = ErrorCode::short_read;
    error.operation = "read: the file ended before all of it came";
    error.expected = static_cast<int64_t>(extent.length);
    // What the file has now, rather than where this chunk stopped, for chunks come back in any order.
    struct stat status = {};
    ::fstat(extent.file->buffered_fd(), &status);
    error.actual = std::clamp<int64_t>(status.st_size - error.offset, 0, error.expected);
  }
  batch.fail(std::move(error));
}

// All chunks came back.
void EngineCore::read_done(ExtentRead& read) {
  Batch& batch = *read.batch;
  const Extent& extent = batch.plan.extents[read.index];
  if (batch.stopped.load(std::memory_order_acquire)) {
    return_staging(read);
    return done(batch, 1);
  }
  if (read.direct_refused.load(std::memory_order_acquire)) {
    if (extent.file->refuse_direct()) direct_refused_.fetch_add(1, std::memory_order_relaxed);
    return_staging(read);
    std::vector<ReadOp*> ops;
    issue(batch, read.index, false, ops);  // ends `read`
    return backend_->start(ops.data(), ops.size());
  }
  const bool staged = read.staging.data != nullptr;
  if (bytes_to_process(batch, extent, staged) <= inline_bytes_max) return deliver(read);
  helpers_.push([this, &read] { deliver(read); });
}

// Checks the pieces and, out of staging, copies them to their places.
void EngineCore::deliver(ExtentRead& read) {
  Batch& batch = *read.batch;
  const Extent& extent = batch.plan.extents[read.index];
  const bool staged = read.staging.data != nullptr;
  uint64_t copied = 0;
  const std::span pieces(batch.plan.pieces.data() + extent.first_piece, extent.piece_count);
  for (size_t first = 0; first < pieces.size() && !batch.stopped.load(std::memory_order_acquire);
       first += rows_max) {
    const auto group = pieces.subspan(first, std::min(rows_max, pieces.size() - first));
    CopyRow rows[rows_max];
    for (size_t i = 0; i < group.size(); i++) {
      const bool copy = staged && group[i].copied;
      rows[i] = {.source = read.bytes + group[i].extent_offset,
                 .destination = copy ? batch.target.data + group[i].slot_offset : nullptr,
                 .length = group[i].length,
                 .checked = group[i].checked};
      if (copy) copied += group[i].length;
    }
    gather(rows, group.size());
    auto compared = compare_checksums(extent, group, std::span(rows, group.size()));
    if (!compared) batch.fail(std::move(compared).error());
  }
  if (staged) {
    batch.bytes_staged.fetch_add(extent.length, std::memory_order_relaxed);
  } else if (read.direct_alignment != 0) {
    batch.bytes_direct.fetch_add(extent.length, std::memory_order_relaxed);
  } else {
    copied += extent.length;  // by the kernel, out of the page cache
  }
  batch.bytes_copied.fetch_add(copied, std::memory_order_relaxed);
  return_staging(read);
  done(batch, 1);
}

// Gives a staging buffer back and lets those who waited for one go on.
void EngineCore::return_staging(ExtentRead& read) {
  if (read.staging.data == nullptr) return;
  {
    const std::lock_guard lock(staging_mutex_);
    staging_.release(std::exchange(read.staging, {}));
  }
  std::vector<ReadOp*> ops;
  while (issue_first_waiting(ops)) {
  }
  if (!ops.empty()) backend_->start(ops.data(), ops.size());
}

Result<void> compare_checksums(const Extent& extent, std::span<const Piece> pieces, std::span<const CopyRow> rows) {
  for (size_t i = 0; i < pieces.size(); i++) {
    if (!pieces[i].checked || rows[i].crc32c == pieces[i].crc32c) continue;
    return Error{.code = ErrorCode::checksum,
                 .operation = "CRC32C of " + std::to_string(pieces[i].length) + " bytes",
                 .path = extent.file->path(),
                 .offset = static_cast<int64_t>(extent.offset + pieces[i].extent_offset),
                 .expected = pieces[i].crc32c,
                 .actual = rows[i].crc32c,
                 .tag = pieces[i].tag};
  }
  return {};
}

}  // namespace zc
