#include "plan_builder.h"

#include <cstdlib>
#include <cstring>

#include "harness.h"

namespace zc::test {

const std::vector<ReadWay> every_way = {ReadWay::auto_direct, ReadWay::auto_buffered, ReadWay::mapped_copy,
                                        ReadWay::direct, ReadWay::buffered};

Memory::Memory(size_t bytes) : length(bytes) {
  constexpr size_t page = 4096;
  owner = std::shared_ptr<void>(std::aligned_alloc(page, (bytes + page) / page * page), std::free);
  data = static_cast<std::byte*>(owner.get());
  std::memset(data, 0xee, bytes);
}

PendingRead submit(ReadEngine& engine, const Memory& memory, const PlanBuilder& plan, ReadFailures failures) {
  auto promise = std::make_shared<std::promise<ReadOutcome>>();
  PendingRead pending;
  pending.outcome = promise->get_future();
  const auto numbers = plan.numbers();
  const auto batch = engine.submit(memory.target(), numbers.data(), numbers.size(),
                                   [promise](ReadOutcome&& outcome) { promise->set_value(std::move(outcome)); },
                                   failures);
  REQUIRE_OK(batch);
  pending.batch = batch.value();
  return pending;
}

ReadOutcome read(ReadEngine& engine, const Memory& memory, const PlanBuilder& plan, ReadFailures failures) {
  return submit(engine, memory, plan, failures).outcome.get();
}

ReadOutcome prefetch(ReadEngine& engine, uint32_t file, std::vector<FileRange> ranges) {
  auto promise = std::make_shared<std::promise<ReadOutcome>>();
  auto outcome = promise->get_future();
  REQUIRE_OK(engine.prefetch(file, std::move(ranges),
                             [promise](ReadOutcome&& result) { promise->set_value(std::move(result)); }));
  return outcome.get();
}

std::unique_ptr<ReadEngine> make_engine(ReadEngine::Options options) {
  auto engine = ReadEngine::create(options);
  REQUIRE_OK(engine);
  return std::move(engine).value();
}

uint32_t open_file(ReadEngine& engine, const std::string& path) {
  const auto file = engine.open_file(path);
  REQUIRE_OK(file);
  return file.value();
}

void on_each_backend(const std::function<void(ReadEngine&)>& body, ReadEngine::Options options) {
  for (const auto backend : {BackendChoice::io_uring, BackendChoice::threads}) {
    options.backend = backend;
    const auto engine = make_engine(options);
    CHECK(engine->backend() == backend);
    try {
      body(*engine);
    } catch (Failure& failure) {
      failure.text += backend == BackendChoice::io_uring ? " (io_uring)" : " (threads)";
      throw;
    }
    CHECK(engine->close(60000));
  }
}

}  // namespace zc::test
