// What Python gets as objects of its own, by ctypes.PyDLL: with the interpreter's lock, and no step of the
// interpreter in between that an exception could come into.
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "batch_maker.h"
#include "batch_taker.h"
#include "consumer_counts.h"
#include "gather_ahead.h"
#include "gather_memory.h"
#include "handles.h"
#include "python_api.h"
#include "row_gatherer.h"
#include "segment.h"
#include "segment_table.h"
#include "zc_core.h"

namespace {

using zc::capi::BatchMaker;
using zc::capi::BatchTaker;
using zc::capi::BatchWords;
using zc::capi::ConsumerCounts;
using zc::capi::GatherAhead;
using zc::capi::GatherMemory;
using zc::capi::PyRef;
using zc::capi::PythonApi;
using zc::capi::RowGatherer;
using zc::capi::RowTable;
using zc::capi::Segment;
using zc::capi::SegmentTable;
using zc::capi::SlotLease;
using zc::capi::TensorBatches;
using zc::capi::TensorField;

// A map-style dataset's samples, as batches of tensors.
struct Gatherer {
  RowGatherer rows;
  TensorBatches batches;
  PyRef way;
  std::shared_ptr<GatherMemory> memory = std::make_shared<GatherMemory>();
};

// Batches that are gathered before they are asked for.
struct Ahead {
  using Outcome = GatherAhead::Outcome;
  PyRef gatherer;  // keeps `home`
  PyRef keeper;    // keeps what is counted in
  const Gatherer& home;
  ConsumerCounts counts;
  zc_gathered& gathered;
  Outcome last;
  GatherAhead batches;
};

template <typename Held>
constexpr const char* name_of = nullptr;
template <>
constexpr const char* name_of<std::shared_ptr<Segment>> = "zero_copy_loader.segment";
template <>
constexpr const char* name_of<std::shared_ptr<SegmentTable>> = "zero_copy_loader.segments";
template <>
constexpr const char* name_of<SlotLease> = "zero_copy_loader.lease";
template <>
constexpr const char* name_of<BatchMaker> = "zero_copy_loader.batch_maker";
template <>
constexpr const char* name_of<BatchTaker> = "zero_copy_loader.batch_taker";
template <>
constexpr const char* name_of<Gatherer> = "zero_copy_loader.gatherer";
template <>
constexpr const char* name_of<Ahead> = "zero_copy_loader.gather_ahead";

template <typename Held>
Held* held_in(PyObject* capsule) {
  return static_cast<Held*>(PythonApi::find()->capsule_pointer(capsule, name_of<Held>));
}

template <typename Held>
void end(PyObject* capsule) {
  const std::unique_ptr<Held> ended(held_in<Held>(capsule));
}

// A capsule that owns it.
template <typename Held>
PyObject* capsule_of(std::unique_ptr<Held> held) {
  PyObject* capsule = PythonApi::find()->capsule_new(held.get(), name_of<Held>, end<Held>);
  if (capsule != nullptr) held.release();
  return capsule;
}

std::vector<TensorField> fields_of(const zc_tensor_field* fields, size_t count) {
  std::vector<TensorField> made;
  made.reserve(count);
  for (const zc_tensor_field& field : std::span(fields, count)) {
    made.push_back({.type_code = field.type_code,
                    .type_bits = field.type_bits,
                    .row_shape = {field.row_shape, field.row_shape + field.dimensions}});
  }
  return made;
}

PyObject* make_batch(PyObject* self, PyObject* message) {
  char* data = nullptr;
  intptr_t size = 0;
  if (PythonApi::find()->bytes_span(message, &data, &size) != 0) return nullptr;
  const auto bytes = std::as_bytes(std::span(data, static_cast<size_t>(size)));
  return held_in<BatchMaker>(self)->make(bytes);
}

PyObject* take_batch(PyObject* self, PyObject*) { return held_in<BatchTaker>(self)->take(); }

// The numbers in a list of Python's integers, and false for anything else.
bool read_numbers(const PythonApi& api, PyObject* list, std::vector<int64_t>& numbers) {
  if (!api.is_exactly(list, api.list_type)) return false;
  const intptr_t count = api.list_size(list);
  numbers.reserve(static_cast<size_t>(count));
  for (intptr_t i = 0; i < count; i++) {
    PyObject* item = api.list_item(list, i);
    int overflow = 0;
    if (item == nullptr || !api.is_exactly(item, api.int_type)) return false;
    numbers.push_back(api.int_value(item, &overflow));
    if (overflow != 0) return false;
  }
  return true;
}

// Without the interpreter's lock. It keeps the maps that it copies from.
bool copy_rows(const Gatherer& gatherer, const RowTable& table, const std::vector<int64_t>& samples,
               const zc::capi::BatchLayout& layout, std::byte* memory) {
  std::vector<RowTable::Source> sources;
  sources.reserve(samples.size());
  return table.find(samples, sources) && gatherer.rows.gather(sources, samples, layout, memory);
}

PyObject* tensors_of(const Gatherer& gatherer, GatherAhead::Batch batch) {
  std::byte* const address = batch.memory->address();
  return gatherer.batches.make(zc::capi::TensorGroup::make(std::move(batch.memory), address, gatherer.rows.fields(),
                                                           batch.layout.offsets, batch.samples),
                               gatherer.way.get());
}

PyObject* gather_batch(PyObject* self, PyObject* list) {
  const PythonApi& api = *PythonApi::find();
  Gatherer& gatherer = *held_in<Gatherer>(self);
  std::vector<int64_t> samples;
  if (!read_numbers(api, list, samples) || samples.empty() || samples.size() > UINT32_MAX) return api.new_none();
  const auto layout = gatherer.rows.layout(samples.size());
  const std::shared_ptr<const RowTable> table = gatherer.rows.table();
  if (!layout) return api.new_none();
  void* const unlocked = api.unlock();
  auto memory = gatherer.memory->take(layout->bytes);
  const bool copied = memory != nullptr && copy_rows(gatherer, *table, samples, *layout, memory->address());
  api.lock(unlocked);
  if (!copied) return api.new_none();
  return tensors_of(gatherer, {.memory = std::move(memory),
                               .layout = *layout,
                               .samples = static_cast<uint32_t>(samples.size()),
                               .copy_ms = 0});
}

PyObject* take_gathered(PyObject* self, PyObject*) {
  const PythonApi& api = *PythonApi::find();
  Ahead& ahead = *held_in<Ahead>(self);
  zc_iteration& iteration = ahead.counts.iteration();
  if (iteration.over != 0) return api.new_none();
  GatherAhead::Batch batch;
  for (;;) {
    ahead.last = ahead.batches.take_ready(batch);
    ahead.counts.asked(ahead.last == Ahead::Outcome::taken);
    if (ahead.last != Ahead::Outcome::not_ready) break;
    void* const unlocked = api.unlock();
    const auto outcome = ahead.batches.wait();
    api.lock(unlocked);
    // An interrupt that came meanwhile comes before the batch, and another thread may have ended the iteration.
    if (api.check_signals() != 0) return nullptr;
    if (iteration.over != 0) return api.new_none();
    ahead.last = outcome;
    if (outcome != Ahead::Outcome::taken) break;
  }
  if (ahead.last != Ahead::Outcome::taken) return api.new_none();
  iteration.taken++;
  ahead.gathered.batches++;
  ahead.gathered.samples += batch.samples;
  ahead.gathered.bytes += batch.samples * ahead.home.rows.sample_bytes();
  ahead.gathered.copy_ms += batch.copy_ms;
  PyObject* made = tensors_of(ahead.home, std::move(batch));
  if (made != nullptr) ahead.counts.given();
  return made;
}

}  // namespace

extern "C" {

int32_t zc_py_available(void) { return PythonApi::find() != nullptr ? 1 : 0; }

PyObject* zc_py_segment(int fd, uint64_t size_bytes, uint64_t control_bytes, uint32_t slots, uint64_t slot_bytes,
                        int released, zc_error* error) {
  const PythonApi& api = *PythonApi::find();
  auto mapped = Segment::map(fd, {size_bytes, control_bytes, slots, slot_bytes}, released);
  if (mapped) return capsule_of(std::make_unique<std::shared_ptr<Segment>>(std::move(mapped).value()));
  zc::capi::report(mapped.error(), error);
  api.retain(api.none);
  return api.none;
}

void* zc_py_segment_address(PyObject* segment) { return (*held_in<std::shared_ptr<Segment>>(segment))->address(); }

uint32_t zc_py_segment_leases(PyObject* segment) { return (*held_in<std::shared_ptr<Segment>>(segment))->leases(); }

void zc_py_segment_forget(PyObject* segment) { (*held_in<std::shared_ptr<Segment>>(segment))->forget(); }

PyObject* zc_py_lease(PyObject* segment, uint32_t slot, uint32_t generation) {
  return capsule_of(std::make_unique<SlotLease>(*held_in<std::shared_ptr<Segment>>(segment), slot, generation));
}

PyObject* zc_py_segment_table(void) {
  return capsule_of(std::make_unique<std::shared_ptr<SegmentTable>>(std::make_shared<SegmentTable>()));
}

void zc_py_segment_table_add(PyObject* table, uint32_t number, PyObject* segment) {
  (*held_in<std::shared_ptr<SegmentTable>>(table))->add(number, *held_in<std::shared_ptr<Segment>>(segment));
}

void zc_py_segment_table_remove(PyObject* table, uint32_t number) {
  (*held_in<std::shared_ptr<SegmentTable>>(table))->remove(number);
}

PyObject* zc_py_batch_maker(PyObject* segments, PyObject* names, PyObject* ways, PyObject* batch_type,
                            PyObject* from_dlpack, const zc_tensor_field* fields) {
  const PythonApi& api = *PythonApi::find();
  const auto count = static_cast<size_t>(api.tuple_size(names));
  return capsule_of(std::make_unique<BatchMaker>(
      api, *held_in<std::shared_ptr<SegmentTable>>(segments), fields_of(fields, count),
      BatchWords{PyRef::share(api, names), PyRef::share(api, batch_type), PyRef::share(api, from_dlpack)},
      PyRef::share(api, ways)));
}

PyObject* zc_py_batch_maker_function(PyObject* maker) {
  static zc::capi::PyMethodDef make = {"make_batch", make_batch, PythonApi::one_argument,
                                       "A batch of tensors of a batch message; None where it is none."};
  return PythonApi::find()->function_new(&make, maker, nullptr);
}

PyObject* zc_py_batch_taker(PyObject* maker, int control, uint32_t channel, uint32_t iteration, zc_iteration* counts,
                            zc_clock* clock, zc_stream* stream, PyObject* keeper) {
  static zc::capi::PyMethodDef take = {"take_batch", take_batch, PythonApi::no_arguments,
                                       "The next batch of the iteration; None where it has not come."};
  const PythonApi& api = *PythonApi::find();
  const PyRef self = PyRef::own(
      api, capsule_of(std::make_unique<BatchTaker>(
               api, PyRef::share(api, maker), *held_in<BatchMaker>(maker), BatchTaker::Place{control, channel, iteration},
               ConsumerCounts(counts, clock), stream, PyRef::share(api, keeper))));
  return self ? api.function_new(&take, self.get(), nullptr) : nullptr;
}

PyObject* zc_py_gatherer(const uint64_t* ends, uint64_t shards, PyObject* names, PyObject* way, PyObject* batch_type,
                         PyObject* from_dlpack, const zc_tensor_field* fields) {
  const PythonApi& api = *PythonApi::find();
  const auto count = static_cast<size_t>(api.tuple_size(names));
  return capsule_of(std::unique_ptr<Gatherer>(new Gatherer{
      .rows = RowGatherer(std::vector<uint64_t>(ends, ends + shards), fields_of(fields, count)),
      .batches = TensorBatches(api, BatchWords{PyRef::share(api, names), PyRef::share(api, batch_type),
                                               PyRef::share(api, from_dlpack)}),
      .way = PyRef::share(api, way)}));
}

PyObject* zc_py_gatherer_function(PyObject* gatherer) {
  static zc::capi::PyMethodDef gather = {"gather_batch", gather_batch, PythonApi::one_argument,
                                         "A batch of a list of samples; None where it cannot be gathered so."};
  return PythonApi::find()->function_new(&gather, gatherer, nullptr);
}

int32_t zc_py_gatherer_add(PyObject* gatherer, uint64_t shard, const zc_map* map, const uint64_t* regions) {
  RowGatherer& rows = held_in<Gatherer>(gatherer)->rows;
  return rows.add(shard, {map->file, {regions, regions + rows.fields().size()}}) ? 1 : 0;
}

void zc_py_gatherer_clear(PyObject* gatherer) { held_in<Gatherer>(gatherer)->rows.clear(); }

PyObject* zc_py_gather_ahead(PyObject* gatherer, uint64_t batch_samples, uint64_t ahead, uint64_t lent_max,
                             zc_iteration* counts, zc_clock* clock, zc_gathered* gathered, PyObject* keeper) {
  const PythonApi& api = *PythonApi::find();
  const Gatherer& home = *held_in<Gatherer>(gatherer);
  try {
    return capsule_of(std::unique_ptr<Ahead>(
        new Ahead{.gatherer = PyRef::share(api, gatherer),
                  .keeper = PyRef::share(api, keeper),
                  .home = home,
                  .counts = ConsumerCounts(counts, clock),
                  .gathered = *gathered,
                  .last = Ahead::Outcome::no_samples,
                  .batches = GatherAhead(home.rows, home.memory,
                                         {.batch_samples = batch_samples, .ahead = ahead, .lent_max = lent_max})}));
  } catch (const std::exception&) {
    return api.new_none();
  }
}

PyObject* zc_py_gather_ahead_function(PyObject* gather_ahead) {
  static zc::capi::PyMethodDef take = {"take_gathered", take_gathered, PythonApi::no_arguments,
                                       "The next batch of the iteration; None where it cannot be had."};
  return PythonApi::find()->function_new(&take, gather_ahead, nullptr);
}

int32_t zc_py_gather_ahead_add(PyObject* gather_ahead, const int64_t* samples, uint64_t count) {
  try {
    held_in<Ahead>(gather_ahead)->batches.add({samples, count});
    return 1;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void zc_py_gather_ahead_end(PyObject* gather_ahead) { held_in<Ahead>(gather_ahead)->batches.end(); }

int32_t zc_py_gather_ahead_outcome(PyObject* gather_ahead) {
  return static_cast<int32_t>(held_in<Ahead>(gather_ahead)->last);
}

}  // extern "C"
