#include "../core/mapped_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <thread>

#include "child_process.h"
#include "harness.h"
#include "temp_file.h"

using zc::ErrorCode;
using zc::MappedFile;
using zc::test::noise;
using zc::test::TempFile;

namespace {

std::shared_ptr<MappedFile> open(const TempFile& file) {
  auto map = MappedFile::open(file.path());
  REQUIRE_OK(map);
  return map.value();
}

// "RssAnon" and its like, in KiB.
uint64_t status_kib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
  }
  return 0;
}

bool all_zero(const std::byte* bytes, size_t length) {
  return std::all_of(bytes, bytes + length, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

TEST("a map shows the file's bytes") {
  const auto content = noise(100001);
  const TempFile file(content);
  const auto map = open(file);
  CHECK_EQUAL(map->size(), content.size());
  CHECK(std::memcmp(map->address(), content.data(), content.size()) == 0);
  CHECK(!map->poisoned());
}

TEST("an empty file has an empty map") {
  const TempFile file({});
  const auto map = open(file);
  CHECK_EQUAL(map->size(), 0u);
  REQUIRE_OK(map->populate(0, 0));
  CHECK_EQUAL(map->resident(0, 0).value(), 0u);
}

TEST("what is not a readable file is an open error with its errno") {
  const auto missing = MappedFile::open("/nowhere/at/all");
  CHECK(!missing.ok());
  CHECK(missing.error().code == ErrorCode::open);
  CHECK_EQUAL(missing.error().sys_errno, ENOENT);
  CHECK_EQUAL(missing.error().path, std::string("/nowhere/at/all"));
  CHECK(MappedFile::open("/tmp").error().code == ErrorCode::open);
}

TEST("a write into a map does not reach the file") {
  const auto content = noise(8192);
  const TempFile file(content);
  const auto map = open(file);
  map->address()[100] ^= std::byte{1};
  const auto other = open(file);
  CHECK(std::memcmp(other->address(), content.data(), content.size()) == 0);
}

TEST("ranges that leave the file are refused") {
  const TempFile file(noise(5000));
  const auto map = open(file);
  CHECK(map->populate(0, 5001).error().code == ErrorCode::argument);
  CHECK(map->advise(5001, 0, zc::Advice::random).error().code == ErrorCode::argument);
  CHECK(map->resident(UINT64_MAX, 2).error().code == ErrorCode::argument);
  char byte;
  CHECK(map->read(5000, 1, &byte).error().code == ErrorCode::argument);
}

TEST("populate brings the range into the page cache and copies nothing into private memory") {
  const auto content = noise(32 << 20);
  const TempFile file(content);
  file.drop_from_cache();
  const auto map = open(file);
  CHECK_EQUAL(map->resident(0, map->size()).value(), 0u);
  const uint64_t before = status_kib("RssAnon");
  REQUIRE_OK(map->populate(4097, (32 << 20) - 4097));
  CHECK(status_kib("RssAnon") < before + (8 << 10));
  CHECK_EQUAL(map->resident(8192, (32 << 20) - 8192).value(), uint64_t{(32 << 20) - 8192});
  CHECK(std::memcmp(map->address(), content.data(), content.size()) == 0);
}

TEST("read gets the bytes past the map, and says when the path is another file") {
  const auto content = noise(70000);
  const TempFile file(content);
  const auto map = open(file);
  std::vector<std::byte> bytes(5000);
  REQUIRE_OK(map->read(60001, 5000, bytes.data()));
  CHECK(std::equal(bytes.begin(), bytes.end(), content.begin() + 60001));
  const TempFile other(content);
  CHECK_EQUAL(std::rename(other.path().c_str(), file.path().c_str()), 0);
  CHECK(map->read(0, 1, bytes.data()).error().code == ErrorCode::open);
}

TEST("a file cut short while mapped reads as zeros, poisons its map and harms nobody else") {
  const auto content = noise(64 << 10);
  const TempFile file(content);
  const TempFile whole(content);
  const auto map = open(file);
  const auto other = open(whole);
  file.truncate(10000);
  // Page 3 begins behind the new end; page 2 holds the end, and zeros after it.
  CHECK(std::memcmp(map->address(), content.data(), 10000) == 0);
  CHECK(!map->poisoned());
  CHECK(all_zero(map->address() + 12288, (64 << 10) - 12288));
  CHECK(map->poisoned());
  CHECK(map->check().error().code == ErrorCode::poisoned);
  CHECK_EQUAL(map->check().error().path, file.path());
  CHECK_EQUAL(map->check().error().offset, 12288);
  CHECK(!other->poisoned());
  CHECK(std::memcmp(other->address(), content.data(), content.size()) == 0);
}

TEST("populate of a file that was cut short gives the poisoned error") {
  const TempFile file(noise(64 << 10));
  const auto map = open(file);
  file.truncate(4096);
  CHECK(map->populate(0, 64 << 10).error().code == ErrorCode::poisoned);
}

TEST("many threads may meet missing pages of many maps at once") {
  constexpr int files = 8;
  constexpr size_t size = 256 << 10;
  std::vector<std::unique_ptr<TempFile>> cut;
  std::vector<std::shared_ptr<MappedFile>> maps;
  for (int i = 0; i < files; i++) {
    cut.push_back(std::make_unique<TempFile>(noise(size)));
    maps.push_back(open(*cut.back()));
    cut.back()->truncate(4096);
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (size_t t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (size_t at = size - 4096; at >= 4096; at -= 4096) {
        for (size_t i = 0; i < files; i++) {
          if (!all_zero(maps[(i + t) % files]->address() + at, 64)) wrong++;
        }
        // Maps come and go while others fault.
        if (at % 32768 == 0 && !MappedFile::open(cut[t]->path()).ok()) wrong++;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0);
  for (const auto& map : maps) CHECK(map->poisoned());
}

namespace {

// A page of a map that is none of ours, behind the end of its file.
std::byte* foreign_hole(const TempFile& file) {
  const int fd = ::open(file.path().c_str(), O_RDONLY);
  void* address = ::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0);
  file.truncate(0);
  return static_cast<std::byte*>(address);
}

// 7 once a guarded fault was answered, 8 where this handler got to see it.
volatile bool guarded_fault_answered = false;
void exit_seven(int, siginfo_t*, void*) { ::_exit(guarded_fault_answered ? 7 : 8); }

}  // namespace

CHILD(foreign_sigbus_with_handler) {
  struct sigaction theirs = {};
  theirs.sa_sigaction = exit_seven;
  theirs.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &theirs, nullptr);
  const TempFile foreign(noise(8192));
  const TempFile ours(noise(16384));
  const auto map = open(ours);
  ours.truncate(0);
  CHECK(all_zero(map->address(), 16384));
  guarded_fault_answered = true;
  const std::byte* hole = foreign_hole(foreign);
  ::unlink(ours.path().c_str());
  ::unlink(foreign.path().c_str());
  return static_cast<int>(*const_cast<const volatile std::byte*>(hole)) + 50;
}

CHILD(foreign_sigbus_alone) {
  ::signal(SIGBUS, SIG_DFL);  // a sanitizer may have put its own handler there
  const TempFile foreign(noise(8192));
  const TempFile ours(noise(16384));
  const auto map = open(ours);
  const std::byte* hole = foreign_hole(foreign);
  ::unlink(ours.path().c_str());
  ::unlink(foreign.path().c_str());
  return static_cast<int>(*const_cast<const volatile std::byte*>(hole)) + 50;
}

CHILD(sent_sigbus) {
  ::signal(SIGBUS, SIG_DFL);
  const TempFile ours(noise(16384));
  const auto map = open(ours);
  ::unlink(ours.path().c_str());
  ::raise(SIGBUS);
  return 50;
}

TEST("a SIGBUS that is none of ours goes to the handler that was there before") {
  CHECK_EQUAL(zc::test::run_child("foreign_sigbus_with_handler").exit_code, 7);
}

TEST("a SIGBUS that nobody answers ends the process as it would have without us") {
  CHECK_EQUAL(zc::test::run_child("foreign_sigbus_alone").signal, SIGBUS);
  CHECK_EQUAL(zc::test::run_child("sent_sigbus").signal, SIGBUS);
}
