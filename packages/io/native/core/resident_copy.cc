// What needs no read: extents that lie in the page cache are copied out of the file's map, and prefetch puts
// them there.

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine_core.h"
#include "residency.h"

namespace zc {
namespace {

constexpr size_t rows_max = 256;

// Rows of several extents, so that the gather has the next ones to ask for while it copies.
struct RowGroup {
  struct Origin {
    const Extent* extent;
    uint32_t piece;  // in the plan
  };
  CopyRow rows[rows_max];
  Origin origins[rows_max];
  size_t count = 0;
};

}  // namespace

// A task of a helper; holds one unit. Asks first, rather than trying preadv2(RWF_NOWAIT): since Linux 6.5 a
// refused attempt starts read-ahead of all that was asked for, and the direct read after it would fetch the
// same bytes again.
void EngineCore::probe_extents(Batch& batch, Indices indices) {
  std::vector<uint32_t> resident;
  std::vector<ReadOp*> ops;
  for (const uint32_t index : indices) {
    const Extent& extent = batch.plan.extents[index];
    if (is_resident(extent.file->buffered_fd(), extent.offset, extent.length, extent.file->probes())) {
      resident.push_back(index);
    } else {
      issue(batch, extent, extent.way == ReadWay::auto_direct, ops);
    }
  }
  backend_->start(ops.data(), ops.size());  // first, so that the device works while this thread copies
  copy_extents(batch, resident, 1);
}

// A helper's too. `task_units` are given back with the extents'.
void EngineCore::copy_extents(Batch& batch, Indices indices, uint32_t task_units) {
  SigbusGuard::renew();
  RowGroup group;
  uint32_t finished = task_units;
  std::vector<ReadOp*> ops;
  const auto flush = [&] {
    gather_for(batch, std::span(group.rows, group.count));
    const EngineFile* sound = nullptr;
    for (size_t i = 0; i < group.count; i++) {
      const auto [extent, piece] = group.origins[i];
      // Before the checksum: a page that is missing reads as zeros, and that is the truer reason.
      if (extent->file.get() != sound) {
        auto map = extent->file->map();
        auto checked = map ? map.value()->check() : Result<void>(std::move(map).error());
        if (!checked) {
          if (batch.collecting()) {
            read_singly(batch, *extent, std::span(&piece, 1), false, ops);
            continue;
          }
          batch.fail(std::move(checked).error());  // the file's: rows before the cut are sound
          break;
        }
        sound = extent->file.get();
      }
      compare_checksum(batch, *extent, batch.plan.pieces[piece], group.rows[i]);
    }
    group.count = 0;
  };
  // An extent may be a whole region of which a few rows are wanted, so the pieces are what counts.
  uint64_t copied = 0;
  for (const uint32_t index : indices) {
    const Extent& extent = batch.plan.extents[index];
    auto map = extent.file->map();
    finished++;
    if (batch.stopped.load(std::memory_order_acquire)) continue;
    if (!map) {
      // Where maps are scarce (max_map_count), or the file has become shorter: reads do without, and tell which
      // pieces are gone.
      std::vector<uint32_t> pieces(extent.piece_count);
      std::iota(pieces.begin(), pieces.end(), extent.first_piece);
      read_singly(batch, extent, pieces, false, ops);
      continue;
    }
    const std::byte* source = map.value()->address() + extent.offset;
    for (uint32_t i = extent.first_piece; i < extent.first_piece + extent.piece_count; i++) {
      const Piece& piece = batch.plan.pieces[i];
      group.rows[group.count] = {.source = source + piece.extent_offset,
                                 .destination = piece.copied ? batch.target.data + piece.slot_offset : nullptr,
                                 .length = piece.length,
                                 .checked = piece.checked};
      group.origins[group.count] = {&extent, i};
      if (piece.copied) copied += piece.length;
      if (++group.count == rows_max) flush();
    }
  }
  flush();
  batch.bytes_resident.fetch_add(copied, std::memory_order_relaxed);
  batch.bytes_copied.fetch_add(copied, std::memory_order_relaxed);
  bytes_from_map_.fetch_add(copied, std::memory_order_relaxed);
  backend_->start(ops.data(), ops.size());
  done(batch, finished);
}

}  // namespace zc
