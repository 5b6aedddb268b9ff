// Read plans: refused, or carried out without touching a byte that is not the slot's.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>

#include "../core/read_engine.h"
#include "../test/temp_file.h"
#include "numbers.h"

namespace {

constexpr size_t file_bytes = 100'001;
constexpr size_t slot_bytes = 16'384;

struct Fixture {
  Fixture() : content(zc::test::noise(file_bytes)), file(content), small(zc::test::noise(10, 2)) {
    engine = std::move(zc::ReadEngine::create({.backend = zc::BackendChoice::threads, .threads = 1, .helpers = 1})).value();
    for (const auto* each : {&file, &small}) {
      if (!engine->open_file(each->path())) std::abort();
      ::unlink(each->path().c_str());
    }
  }
  const std::vector<std::byte> content;
  const zc::test::TempFile file;
  const zc::test::TempFile small;
  std::unique_ptr<zc::ReadEngine> engine;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const fixture = new Fixture();  // which outlives the exit, for its threads do
  const auto plan = zc::fuzz::numbers_from(data, size);
  // Of its own each time, so that a byte before or behind it is not the process's. (Page-aligned, as slots are.)
  auto slot = std::shared_ptr<void>(std::aligned_alloc(4096, slot_bytes), std::free);
  auto ended = std::make_shared<std::promise<zc::ReadOutcome>>();
  auto outcome = ended->get_future();
  const zc::ReadFailures failures = size % 2 == 0 ? zc::ReadFailures::first : zc::ReadFailures::collect;
  const auto batch = fixture->engine->submit({static_cast<std::byte*>(slot.get()), slot_bytes, slot}, plan.data(), plan.size(),
                                             [ended](zc::ReadOutcome&& result) { ended->set_value(std::move(result)); }, failures);
  if (!batch) {
    if (batch.error().code != zc::ErrorCode::argument) std::abort();
    return 0;
  }
  const auto result = outcome.get();
  const auto allowed = [](zc::ErrorCode code) { return code == zc::ErrorCode::checksum || code == zc::ErrorCode::memory; };
  if (!result.ok && !allowed(result.error.code)) std::abort();
  for (const auto& failure : result.failures) {
    if (!allowed(failure.code)) std::abort();
  }
  return 0;
}
