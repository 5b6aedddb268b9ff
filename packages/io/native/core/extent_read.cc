// How an extent is read from the device: place it, read it in chunks, check it and copy it out.

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "engine_core.h"

namespace zc {
namespace {

// Of one read call. Larger ones gain nothing from the device and keep the others waiting.
constexpr uint64_t read_bytes_max = 1 << 20;

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

Error short_read(const EngineFile& file, uint64_t offset, uint64_t length, uint64_t found) {
  return Error{.code = ErrorCode::short_read,
               .operation = "read: the file ended before all of it came",
               .path = file.path(),
               .offset = static_cast<int64_t>(offset),
               .expected = static_cast<int64_t>(length),
               .actual = static_cast<int64_t>(found)};
}

void note_read(Batch& batch) {
  const std::chrono::nanoseconds since = Clock::now() - batch.submitted;
  int64_t latest = batch.read_ns.load(std::memory_order_relaxed);
  while (latest < since.count() &&
         !batch.read_ns.compare_exchange_weak(latest, since.count(), std::memory_order_relaxed)) {
  }
}

}  // namespace

// A task on a backend's thread; holds one unit.
void EngineCore::start_reads(Batch& batch, Indices indices) {
  std::vector<ReadOp*> ops;
  for (const uint32_t index : indices) {
    const Extent& extent = batch.plan.extents[index];
    issue(batch, extent, extent.way == ReadWay::direct, ops);
  }
  backend_->start(ops.data(), ops.size());
  done(batch, 1);
}

// Prepares an extent's reads and adds them to `ops`, or ends it, or leaves it waiting for a staging buffer.
void EngineCore::issue(Batch& batch, const Extent& extent, bool want_direct, std::vector<ReadOp*>& ops) {
  if (batch.stopped.load(std::memory_order_acquire)) return done(batch, 1);
  auto read = std::make_unique<ExtentRead>(this, &batch, &extent);
  {
    const std::lock_guard lock(staging_mutex_);
    // Those who wait already come first, but for what needs no staging.
    if (!place(*read, want_direct, waiting_.empty())) {
      if (!waiting_.empty() || !staging_.idle()) {
        waiting_.push_back({&batch, &extent, want_direct});
        return;
      }
      fail_for_memory(batch, extent);
    }
  }
  begin(std::move(read), ops);
}

// The same for the extent that has waited longest. False where there is none, or still no buffer for it: the others
// then wait on as well, and are not looked at.
bool EngineCore::issue_first_waiting(std::vector<ReadOp*>& ops) {
  std::unique_lock lock(staging_mutex_);
  if (waiting_.empty()) return false;
  const auto [batch, extent, want_direct] = waiting_.front();
  std::unique_ptr<ExtentRead> read;
  if (!batch->stopped.load(std::memory_order_acquire)) {
    read = std::make_unique<ExtentRead>(this, batch, extent);
    if (!place(*read, want_direct, true)) {
      if (!staging_.idle()) return false;
      fail_for_memory(*batch, *extent);
    }
  }
  waiting_.pop_front();
  lock.unlock();
  if (read == nullptr) {
    done(*batch, 1);
  } else {
    begin(std::move(read), ops);
  }
  return true;
}

// Not the fault of a piece: it ends the batch, whatever that does about those.
void EngineCore::fail_for_memory(Batch& batch, const Extent& extent) {
  batch.fail({.code = ErrorCode::memory, .sys_errno = ENOMEM, .operation = "making a staging buffer",
              .path = extent.file->path(), .offset = static_cast<int64_t>(extent.offset),
              .expected = static_cast<int64_t>(extent.length), .tag = batch.tag_of(extent)});
}

// An extent that was placed, or could not be.
void EngineCore::begin(std::unique_ptr<ExtentRead> read, std::vector<ReadOp*>& ops) {
  if (read->bytes == nullptr) return done(*read->batch, 1);
  if (read->chunks.empty()) return read_done(std::move(read));
  for (ChunkOp& chunk : read.release()->chunks) ops.push_back(&chunk);
}

// Decides where the extent's bytes land and cuts the read. False when it would need a staging buffer, and there is
// none or it `may_stage` not. Called with the staging mutex held.
bool EngineCore::place(ExtentRead& read, bool want_direct, bool may_stage) {
  const Batch& batch = *read.batch;
  const Extent& extent = *read.extent;
  const auto direct = want_direct ? extent.file->direct() : std::nullopt;
  if (want_direct && !direct && extent.file->take_refusal()) direct_refused_.fetch_add(1, std::memory_order_relaxed);
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
  if (extent.length > 0) add_chunks(read, begin, end);
  for (ChunkOp& chunk : read.chunks) chunk.fd = direct ? direct->fd : extent.file->buffered_fd();
  return true;
}

void EngineCore::add_chunks(ExtentRead& read, uint64_t begin, uint64_t end) {
  const Extent& extent = *read.extent;
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
  if (read.chunks_left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    core.read_done(std::unique_ptr<ExtentRead>(&read));
  }
}

void EngineCore::fail_read(ExtentRead& read, const ChunkOp& chunk, int64_t result) {
  Batch& batch = *read.batch;
  const Extent& extent = *read.extent;
  if (result == -ECANCELED && batch.stopped.load(std::memory_order_acquire)) return;
  if (read.direct_alignment != 0 && (result == -EINVAL || result == -EOPNOTSUPP)) {
    read.direct_refused.store(true, std::memory_order_release);
    return;
  }
  if (read.failed.exchange(true, std::memory_order_acq_rel)) return;
  // Which of its pieces it is, their own reads will tell.
  if (extent.piece_count > 1) return;
  Error error;
  if (result < 0) {
    error = Error{.code = ErrorCode::read,
                  .sys_errno = static_cast<int>(-result),
                  .operation = "read of " + std::to_string(extent.length) + " bytes",
                  .path = extent.file->path(),
                  .offset = static_cast<int64_t>(chunk.offset)};
  } else {
    // What the file has now, rather than where this chunk stopped, for chunks come back in any order.
    const auto found = extent.file->bytes_of(extent.offset, extent.length);
    error = short_read(*extent.file, extent.offset, extent.length, found.value_or(0));
  }
  error.tag = batch.tag_of(extent);
  batch.fail_piece(std::move(error));
}

// All chunks came back.
void EngineCore::read_done(std::unique_ptr<ExtentRead> read) {
  Batch& batch = *read->batch;
  const Extent& extent = *read->extent;
  if (batch.stopped.load(std::memory_order_acquire)) {
    return_staging(*read);
    return done(batch, 1);
  }
  const bool direct = read->direct_alignment != 0;
  if (read->direct_refused.load(std::memory_order_acquire)) {
    extent.file->refuse_direct();
    if (extent.file->take_refusal()) direct_refused_.fetch_add(1, std::memory_order_relaxed);
    return_staging(*read);
    std::vector<ReadOp*> ops;
    issue(batch, extent, false, ops);
    return backend_->start(ops.data(), ops.size());
  }
  if (read->failed.load(std::memory_order_acquire)) {
    return_staging(*read);
    if (extent.piece_count > 1) {
      std::vector<uint32_t> pieces(extent.piece_count);
      std::iota(pieces.begin(), pieces.end(), extent.first_piece);
      std::vector<ReadOp*> ops;
      read_singly(batch, extent, pieces, direct, ops);
      backend_->start(ops.data(), ops.size());
    }
    return done(batch, 1);
  }
  note_read(batch);
  const bool staged = read->staging.data != nullptr;
  if (bytes_to_process(batch, extent, staged) <= inline_bytes_max_) return deliver(std::move(read));
  // The queue's tasks can be copied, which what they own here cannot: it is theirs as it was the backend's.
  helpers_.push([this, raw = read.release()] { deliver(std::unique_ptr<ExtentRead>(raw)); });
}

// Reads pieces of an extent again, each alone, after it failed as a whole. Their units come on top of the caller's.
void EngineCore::read_singly(Batch& batch, const Extent& extent, std::span<const uint32_t> pieces, bool want_direct,
                             std::vector<ReadOp*>& ops) {
  batch.pending.fetch_add(static_cast<uint32_t>(pieces.size()), std::memory_order_relaxed);
  for (const uint32_t piece : pieces) issue(batch, *batch.add_single(extent, piece), want_direct, ops);
}

// Checks the pieces and, out of staging, copies them to their places.
void EngineCore::deliver(std::unique_ptr<ExtentRead> read) {
  Batch& batch = *read->batch;
  const Extent& extent = *read->extent;
  const bool staged = read->staging.data != nullptr;
  uint64_t copied = 0;
  const std::span pieces(batch.plan.pieces.data() + extent.first_piece, extent.piece_count);
  for (size_t first = 0; first < pieces.size() && !batch.stopped.load(std::memory_order_acquire);
       first += rows_max) {
    const auto group = pieces.subspan(first, std::min(rows_max, pieces.size() - first));
    CopyRow rows[rows_max];
    for (size_t i = 0; i < group.size(); i++) {
      const bool copy = staged && group[i].copied;
      rows[i] = {.source = read->bytes + (group[i].extent_offset - extent.pieces_from),
                 .destination = copy ? batch.target.data + group[i].slot_offset : nullptr,
                 .length = group[i].length,
                 .checked = group[i].checked};
      if (copy) copied += group[i].length;
    }
    gather_for(batch, std::span(rows, group.size()));
    for (size_t i = 0; i < group.size(); i++) compare_checksum(batch, extent, group[i], rows[i]);
  }
  if (staged) {
    batch.bytes_staged.fetch_add(extent.length, std::memory_order_relaxed);
  } else if (read->direct_alignment != 0) {
    batch.bytes_direct.fetch_add(extent.length, std::memory_order_relaxed);
  } else {
    copied += extent.length;  // by the kernel, out of the page cache
  }
  batch.bytes_copied.fetch_add(copied, std::memory_order_relaxed);
  return_staging(*read);
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

void gather_for(Batch& batch, std::span<CopyRow> rows) {
  bool copies = false;
  bool checks = false;
  for (const CopyRow& row : rows) {
    copies = copies || row.destination != nullptr;
    checks = checks || row.checked;
  }
  if (!copies && !checks) return;
  const auto begun = Clock::now();
  gather(rows.data(), rows.size());
  const std::chrono::nanoseconds taken = Clock::now() - begun;
  (copies ? batch.copy_ns : batch.check_ns).fetch_add(taken.count(), std::memory_order_relaxed);
}

void compare_checksum(Batch& batch, const Extent& extent, const Piece& piece, const CopyRow& row) {
  if (!piece.checked || row.crc32c == piece.crc32c) return;
  const EngineFile& file = *extent.file;
  const uint64_t offset = extent.offset + piece.extent_offset - extent.pieces_from;
  Error error{.code = ErrorCode::checksum,
              .operation = "CRC32C of " + std::to_string(piece.length) + " bytes",
              .path = file.path(),
              .offset = static_cast<int64_t>(offset),
              .expected = piece.crc32c,
              .actual = row.crc32c};
  // Of a file that was cut within a page a map gives zeros, and that is the truer reason.
  const auto found = file.bytes_of(offset, piece.length);
  if (found && *found < piece.length) error = short_read(file, offset, piece.length, *found);
  error.tag = piece.tag;
  batch.fail_piece(std::move(error));
}

}  // namespace zc
