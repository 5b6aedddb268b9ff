#include "../capi/segment.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "../capi/segment_table.h"
#include "../capi/tensor_group.h"
#include "../core/buffer_pool.h"
#include "../core/unique_fd.h"
#include "harness.h"

using zc::capi::BatchHead;
using zc::capi::BatchMessage;
using zc::capi::DLManagedTensor;
using zc::capi::Segment;
using zc::capi::SegmentSizes;
using zc::capi::SegmentTable;
using zc::capi::SlotLease;
using zc::capi::TensorField;
using zc::capi::TensorGroup;

namespace {

// The server's side of a segment, and the client's map of it.
struct Shared {
  std::shared_ptr<zc::BufferPool> pool;
  zc::UniqueFd released{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::shared_ptr<Segment> segment;

  explicit Shared(uint32_t slots = 4, uint64_t slot_bytes = 8192)
      : pool(zc::BufferPool::create({.slot_bytes = slot_bytes, .slots = slots}).value()) {
    segment = map({.size_bytes = theirs().size_bytes,
                   .control_bytes = theirs().control_bytes,
                   .slots = slots,
                   .slot_bytes = slot_bytes})
                  .value();
  }
  zc::BufferPool::Segment theirs() const { return pool->segments()[0]; }
  zc::Result<std::shared_ptr<Segment>> map(const SegmentSizes& sizes) const {
    return Segment::map(theirs().fd, sizes, released.get());
  }
  uint64_t ended() const {
    uint64_t count = 0;
    return ::read(released.get(), &count, sizeof count) == sizeof count ? count : 0;
  }
  uint32_t released_word(uint32_t slot) const { return pool->released_generation(0, slot); }
};

// A batch of two fields in slot 1.
TensorGroup* tensors_of(const std::shared_ptr<Segment>& segment, uint32_t generation) {
  static const std::vector<TensorField> fields = {{.type_code = 1, .type_bits = 8, .row_shape = {16}},
                                                  {.type_code = 0, .type_bits = 64, .row_shape = {}}};
  const BatchHead head = {.kind = 1,
                          .iteration = 1,
                          .segment = 1,
                          .slot = 1,
                          .generation = generation,
                          .samples = 3,
                          .way = 0,
                          .fields = 2,
                          .number = 0,
                          .bytes_used = 0,
                          .indices = 4608};
  std::vector<std::byte> bytes(sizeof head + 48);
  const uint64_t places[] = {0, 48, 0, 4096, 24, 0};
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, places, sizeof places);
  const auto message = BatchMessage::read(bytes, 2);
  CHECK(message && message->fits(fields, segment->slot_bytes()));
  return zc::capi::tensors_in_slot(segment, *message, fields);
}

void drop(DLManagedTensor* tensor) { tensor->deleter(tensor); }

}  // namespace

TEST("segment: a lease's end is stored and told, once") {
  const Shared shared;
  {
    const SlotLease lease(shared.segment, 2, 9);
    CHECK_EQUAL(shared.segment->leases(), 1u);
    CHECK_EQUAL(shared.released_word(2), 0u);
    CHECK_EQUAL(shared.ended(), 0u);
    CHECK(lease.memory() == shared.segment->slot(2));
  }
  CHECK_EQUAL(shared.released_word(2), 9u);
  CHECK_EQUAL(shared.ended(), 1u);
  CHECK_EQUAL(shared.segment->leases(), 0u);
}

TEST("segment: a slot's memory outlives its owner, and the end of a forgotten lease is not told") {
  Shared shared;
  auto lease = std::make_unique<SlotLease>(shared.segment, 1, 3);
  shared.segment->forget();
  shared.segment.reset();
  lease->memory()[0] = std::byte{7};
  CHECK(lease->memory()[8191] == std::byte{0});
  lease.reset();
  CHECK_EQUAL(shared.released_word(1), 0u);
  CHECK_EQUAL(shared.ended(), 0u);
}

TEST("segment: a forked child ends no lease of its parent") {
  const Shared shared;
  auto lease = std::make_unique<SlotLease>(shared.segment, 0, 5);
  const pid_t child = ::fork();
  if (child == 0) {
    lease.reset();
    ::_exit(0);
  }
  CHECK_EQUAL(::waitpid(child, nullptr, 0), child);
  CHECK_EQUAL(shared.released_word(0), 0u);
  CHECK_EQUAL(shared.ended(), 0u);
  lease.reset();
  CHECK_EQUAL(shared.released_word(0), 5u);
}

TEST("segment: one that could fault is refused") {
  const Shared shared;
  const SegmentSizes right = {.size_bytes = shared.theirs().size_bytes,
                              .control_bytes = shared.theirs().control_bytes,
                              .slots = 4,
                              .slot_bytes = 8192};
  CHECK(shared.map(right).ok());
  const auto with = [&](auto change) {
    SegmentSizes sizes = right;
    change(sizes);
    return shared.map(sizes).ok();
  };
  CHECK(!with([](SegmentSizes& sizes) { sizes.size_bytes += 4096; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.slots = 5; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.slots = UINT32_MAX; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.slot_bytes = UINT64_MAX / 2; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.slot_bytes = 8191; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.slot_bytes = 0; }));
  CHECK(!with([](SegmentSizes& sizes) { sizes.control_bytes = 0; }));
  const zc::UniqueFd unsealed(::memfd_create("unsealed", MFD_CLOEXEC));
  CHECK_EQUAL(::ftruncate(unsealed.get(), static_cast<off_t>(right.size_bytes)), 0);
  CHECK(!Segment::map(unsealed.get(), right, -1).ok());
}

TEST("tensors in a slot: describe its memory, and the last to go ends the lease") {
  const Shared shared;
  TensorGroup* const tensors = tensors_of(shared.segment, 8);
  const auto& rows = tensors->tensor(0)->tensor;
  CHECK(rows.data == shared.segment->slot(1));
  CHECK_EQUAL(rows.dimensions, 2);
  CHECK_EQUAL(rows.shape[0], 3);
  CHECK_EQUAL(rows.shape[1], 16);
  const auto& indices = tensors->tensor(2)->tensor;
  CHECK(indices.data == shared.segment->slot(1) + 4608);
  CHECK_EQUAL(indices.dimensions, 1);
  CHECK_EQUAL(int{indices.type_bits}, 64);
  for (const size_t each : {1, 0}) drop(tensors->tensor(each));
  CHECK_EQUAL(shared.released_word(1), 0u);
  drop(tensors->tensor(2));
  CHECK_EQUAL(shared.released_word(1), 8u);
  CHECK_EQUAL(shared.ended(), 1u);
}

TEST("tensors in a slot: may be dropped by several threads, while the segment is forgotten") {
  for (uint32_t round = 1; round <= 200; round++) {
    const Shared shared;
    TensorGroup* const tensors = tensors_of(shared.segment, round);
    std::vector<std::thread> threads;
    for (const size_t each : {0, 1, 2}) threads.emplace_back([tensors, each] { drop(tensors->tensor(each)); });
    threads.emplace_back([&shared] { shared.segment->forget(); });
    for (std::thread& thread : threads) thread.join();
    CHECK_EQUAL(shared.segment->leases(), 0u);
    CHECK_EQUAL(shared.ended(), shared.released_word(1) == round ? 1u : 0u);
  }
}

TEST("segment table: finds what was added until it is removed") {
  const Shared shared;
  SegmentTable table;
  table.add(3, shared.segment);
  CHECK(table.find(3) == shared.segment);
  CHECK(table.find(4) == nullptr);
  table.remove(3);
  CHECK(table.find(3) == nullptr);
}
