#include "read_plan.h"

#include <string>
#include <utility>

#include "whole_number.h"

namespace zc {
namespace {

constexpr size_t header_numbers = 2;
constexpr size_t extent_numbers = 6;
constexpr size_t piece_numbers = 5;
constexpr uint32_t count_max = 1u << 24;

Error bad(const char* kind, size_t index, const std::string& what) {
  return Error{.code = ErrorCode::argument,
               .operation = "read plan: " + std::string(kind) + " " + std::to_string(index) + ": " + what};
}

Error bad_number(const char* kind, size_t index, const char* name, double number) {
  return bad(kind, index, std::string(name) + " is " + std::to_string(number) +
                              ", which is not a whole number that can stand there");
}

Result<void> parse_piece(const double* numbers, size_t index, size_t slot_length, Piece& piece) {
  if (!whole(numbers[0], UINT64_MAX, piece.extent_offset)) return bad_number("piece", index, "extentOffset", numbers[0]);
  if (!whole(numbers[1], UINT64_MAX, piece.length)) return bad_number("piece", index, "length", numbers[1]);
  piece.copied = numbers[2] != -1;
  if (piece.copied) {
    if (!whole(numbers[2], UINT64_MAX, piece.slot_offset)) return bad_number("piece", index, "slotOffset", numbers[2]);
    if (!inside(piece.slot_offset, piece.length, slot_length)) {
      return bad("piece", index, std::to_string(piece.length) + " bytes at " + std::to_string(piece.slot_offset) +
                                     " end behind the slot's " + std::to_string(slot_length));
    }
  }
  piece.checked = numbers[3] != -1;
  uint64_t crc = 0;
  if (piece.checked && !whole(numbers[3], UINT32_MAX, crc)) return bad_number("piece", index, "crc32c", numbers[3]);
  piece.crc32c = static_cast<uint32_t>(crc);
  piece.tag = numbers[4];
  return {};
}

// Checks the extent's pieces against it, and finds out whether they are contiguous.
Result<void> match_pieces(const std::vector<Piece>& pieces, size_t index, Extent& extent) {
  uint64_t next = 0;
  extent.contiguous = true;
  const Piece& first = pieces[extent.first_piece];
  for (uint32_t i = extent.first_piece; i < extent.first_piece + extent.piece_count; i++) {
    const Piece& piece = pieces[i];
    if (!inside(piece.extent_offset, piece.length, extent.length)) {
      return bad("piece", i, std::to_string(piece.length) + " bytes at " + std::to_string(piece.extent_offset) +
                                 " end behind the " + std::to_string(extent.length) + " of extent " +
                                 std::to_string(index));
    }
    extent.contiguous = extent.contiguous && piece.copied && piece.extent_offset == next &&
                        piece.slot_offset == first.slot_offset + next;
    next += piece.length;
  }
  extent.contiguous = extent.contiguous && next == extent.length;
  return {};
}

Result<void> parse_extent(const double* numbers, size_t index, const FileLookup& lookup,
                          const std::vector<Piece>& pieces, Extent& extent) {
  uint64_t file = 0, first_piece = 0, piece_count = 0, way = 0;
  if (!whole(numbers[0], UINT32_MAX, file)) return bad_number("extent", index, "file", numbers[0]);
  if (!whole(numbers[1], UINT64_MAX, extent.offset)) return bad_number("extent", index, "offset", numbers[1]);
  if (!whole(numbers[2], UINT64_MAX, extent.length)) return bad_number("extent", index, "length", numbers[2]);
  if (!whole(numbers[3], pieces.size(), first_piece)) return bad_number("extent", index, "firstPiece", numbers[3]);
  if (!whole(numbers[4], pieces.size() - first_piece, piece_count) || piece_count == 0) {
    return bad_number("extent", index, "pieceCount", numbers[4]);
  }
  if (!whole(numbers[5], static_cast<uint64_t>(ReadWay::buffered), way)) {
    return bad_number("extent", index, "way", numbers[5]);
  }
  extent.file = lookup(static_cast<uint32_t>(file));
  if (extent.file == nullptr) return bad("extent", index, "file " + std::to_string(file) + " is not open");
  if (!inside(extent.offset, extent.length, extent.file->size())) {
    Error error = bad("extent", index, std::to_string(extent.length) + " bytes end behind the end of the file");
    error.path = extent.file->path();
    error.offset = static_cast<int64_t>(extent.offset);
    error.expected = static_cast<int64_t>(extent.file->size());
    error.actual = static_cast<int64_t>(extent.offset + extent.length);
    return error;
  }
  extent.first_piece = static_cast<uint32_t>(first_piece);
  extent.piece_count = static_cast<uint32_t>(piece_count);
  extent.way = static_cast<ReadWay>(way);
  return match_pieces(pieces, index, extent);
}

}  // namespace

Result<ReadPlan> parse_plan(const double* plan, size_t plan_length, size_t slot_length, const FileLookup& lookup) {
  uint64_t extents = 0, pieces = 0;
  if (plan_length < header_numbers || !whole(plan[0], count_max, extents) || !whole(plan[1], count_max, pieces) ||
      plan_length != header_numbers + extents * extent_numbers + pieces * piece_numbers) {
    return Error{.code = ErrorCode::argument,
                 .operation = "read plan: its length is not what its first two numbers say",
                 .actual = static_cast<int64_t>(plan_length)};
  }
  ReadPlan parsed;
  parsed.pieces.resize(pieces);
  const double* piece_at = plan + header_numbers + extents * extent_numbers;
  for (size_t i = 0; i < pieces; i++) {
    auto checked = parse_piece(piece_at + i * piece_numbers, i, slot_length, parsed.pieces[i]);
    if (!checked) return std::move(checked).error();
  }
  parsed.extents.resize(extents);
  uint64_t pieces_used = 0;
  for (size_t i = 0; i < extents; i++) {
    auto checked = parse_extent(plan + header_numbers + i * extent_numbers, i, lookup, parsed.pieces,
                                parsed.extents[i]);
    if (!checked) return std::move(checked).error();
    // Each piece belongs to one extent, or a short plan could ask for work without end.
    pieces_used += parsed.extents[i].piece_count;
    if (pieces_used > pieces) return bad("extent", i, "its pieces and those before it are more than there are");
  }
  return parsed;
}

}  // namespace zc
