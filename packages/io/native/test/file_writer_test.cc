#include "../core/file_writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include "../core/crc32c.h"
#include "child_process.h"
#include "harness.h"
#include "temp_file.h"

using zc::BackendChoice;
using zc::ErrorCode;
using zc::FileWriter;
using zc::test::noise;

namespace {

namespace fs = std::filesystem;
constexpr size_t MiB = 1 << 20;
constexpr BackendChoice backends[] = {BackendChoice::io_uring, BackendChoice::threads};

// A directory that goes with all it holds.
class Folder {
 public:
  explicit Folder(const fs::path& parent = fs::temp_directory_path()) {
    std::string name = (parent / "zc-writer-XXXXXX").string();
    CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  std::string file(const char* name = "file") const { return path_ / name; }
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

// Waits where the writer has no room.
class Room {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rings_++;
    rung_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    rung_.wait(lock, [this] { return rings_ > 0; });
    rings_--;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  int rings_ = 0;
};

struct Writing {
  std::shared_ptr<Room> room = std::make_shared<Room>();
  std::unique_ptr<FileWriter> writer;

  Writing(const std::string& path, const FileWriter::Options& options = {}) {
    auto made = FileWriter::create(path, options, [room = room] { room->ring(); });
    REQUIRE_OK(made);
    writer = std::move(made).value();
  }

  // As much as it takes before it fails.
  zc::Result<void> append(const std::vector<std::byte>& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const auto taken = writer->append(bytes.data() + at, bytes.size() - at);
      if (!taken) return taken.error();
      at += taken.value();
      if (at < bytes.size()) room->wait();
    }
    return {};
  }
};

std::vector<std::byte> content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> bytes(fs::file_size(path));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

TEST("a written file has its bytes and its checksum, on each backend, direct or not") {
  const Folder folder;
  const auto all = noise(21 * MiB + 12345);
  for (const auto backend : backends) {
    for (const bool direct : {true, false}) {
      for (const size_t length : {size_t{0}, size_t{1}, size_t{4096}, MiB - 1, MiB, MiB + 1, 21 * MiB + 12345}) {
        const std::vector<std::byte> bytes(all.begin(), all.begin() + static_cast<ptrdiff_t>(length));
        Writing writing(folder.file(), {.backend = backend, .blocks = 4, .direct = direct, .overwrite = true});
        REQUIRE_OK(writing.append(bytes));
        const auto written = writing.writer->finish();
        REQUIRE_OK(written);
        CHECK_EQUAL(written.value().bytes, length);
        CHECK_EQUAL(written.value().crc32c, zc::crc32c(bytes.data(), bytes.size()));
        CHECK(content(folder.file()) == bytes);
        if (!direct) CHECK_EQUAL(written.value().bytes_direct, 0u);
        CHECK_EQUAL(folder.entries(), 1u);
      }
    }
  }
}

TEST("a file system without direct I/O, or with, gets the same file") {
  if (!fs::exists("/dev/shm")) return;
  const Folder folder("/dev/shm");
  const auto bytes = noise(5 * MiB + 7);
  Writing writing(folder.file());
  REQUIRE_OK(writing.append(bytes));
  REQUIRE_OK(writing.writer->finish());
  CHECK(content(folder.file()) == bytes);
}

TEST("a file has its name when it is whole, not before") {
  const Folder folder;
  Writing writing(folder.file());
  REQUIRE_OK(writing.append(noise(3 * MiB)));
  CHECK(!fs::exists(folder.file()));
  REQUIRE_OK(writing.writer->finish());
  CHECK_EQUAL(fs::file_size(folder.file()), 3 * MiB);
  CHECK(writing.writer->append(nullptr, 0).error().code == ErrorCode::closed);
  CHECK(writing.writer->finish().error().code == ErrorCode::closed);
}

TEST("what was allocated ahead is given back") {
  const Folder folder;
  Writing writing(folder.file());
  REQUIRE_OK(writing.append(noise(3 * MiB + 1)));
  REQUIRE_OK(writing.writer->finish());
  struct stat status;
  CHECK_EQUAL(::stat(folder.file().c_str(), &status), 0);
  CHECK(static_cast<uint64_t>(status.st_blocks) * 512 <= 4 * MiB);
}

TEST("a file that is there is not replaced, unless that is asked for") {
  const Folder folder;
  std::ofstream(folder.file()) << "mine";
  CHECK(FileWriter::create(folder.file(), {}, [] {}).error().code == ErrorCode::exists);

  const std::string late = folder.file("late");
  Writing writing(late);
  REQUIRE_OK(writing.append(noise(100)));
  std::ofstream(late) << "mine";
  CHECK(writing.writer->finish().error().code == ErrorCode::exists);
  CHECK_EQUAL(fs::file_size(late), 4u);

  Writing replacing(folder.file(), {.overwrite = true});
  REQUIRE_OK(replacing.append(noise(100)));
  REQUIRE_OK(replacing.writer->finish());
  CHECK_EQUAL(fs::file_size(folder.file()), 100u);
  CHECK_EQUAL(folder.entries(), 2u);
}

TEST("a directory that is not there is an error that names the path") {
  const Folder folder;
  const auto failed = FileWriter::create(folder.file("no/such/place"), {}, [] {});
  CHECK(failed.error().code == ErrorCode::write);
  CHECK_EQUAL(failed.error().sys_errno, ENOENT);
  CHECK_EQUAL(failed.error().path, folder.file("no/such/place"));
}

TEST("a name as long as names may be is replaced too") {
  const Folder folder;
  const std::string path = folder.file(std::string(255, 'n').c_str());
  for (const size_t length : {3u, 5u}) {
    Writing writing(path, {.overwrite = true});
    REQUIRE_OK(writing.append(noise(length)));
    REQUIRE_OK(writing.writer->finish());
    CHECK_EQUAL(fs::file_size(path), length);
    CHECK_EQUAL(folder.entries(), 1u);
  }
}

// Root may read every directory.
CHILD(writes_without_reading_the_directory) {
  constexpr uid_t nobody = 65534;
  if (::getuid() == 0) CHECK(::setresuid(nobody, nobody, nobody) == 0);
  const Folder folder;
  const fs::path parent = fs::path(folder.file()).parent_path();
  fs::permissions(parent, fs::perms(0300));
  {
    Writing writing(folder.file());
    REQUIRE_OK(writing.append(noise(3)));
    REQUIRE_OK(writing.writer->finish());
  }
  fs::permissions(parent, fs::perms(0700));
  CHECK_EQUAL(fs::file_size(folder.file()), 3u);
  return 0;
}
TEST("a directory that may be written into but not read takes files") {
  CHECK_EQUAL(zc::test::run_child("writes_without_reading_the_directory").exit_code, 0);
}

TEST("aborting, or forgetting, a writer with writes in flight leaves nothing") {
  const Folder folder;
  const auto bytes = noise(9 * MiB);
  for (const auto backend : backends) {
    for (int round = 0; round < 50; round++) {
      Writing writing(folder.file(), {.backend = backend});
      CHECK_EQUAL(writing.writer->append(bytes.data(), bytes.size()).value() >= 8 * MiB, true);
      if (round % 2 == 0) {
        CHECK(writing.writer->abort(5000));
        CHECK(writing.writer->append(bytes.data(), 1).error().code == ErrorCode::closed);
      }
    }
    CHECK_EQUAL(folder.entries(), 0u);
  }
}

TEST("aborting while another thread finishes gives a whole file or none") {
  const Folder folder;
  const auto bytes = noise(4 * MiB + 5);
  for (int round = 0; round < 30; round++) {
    const std::string path = folder.file();
    Writing writing(path, {.overwrite = true});
    REQUIRE_OK(writing.append(bytes));
    auto finished = std::async(std::launch::async, [&] { return writing.writer->finish(); });
    if (round % 3 != 0) ::usleep(static_cast<useconds_t>(round) * 200);
    CHECK(writing.writer->abort(5000));
    const auto result = finished.get();
    if (result) {
      CHECK_EQUAL(fs::file_size(path), bytes.size());
    } else {
      CHECK(result.error().code == ErrorCode::closed);
    }
    CHECK(folder.entries() <= 1);
  }
}

TEST("a file beyond RLIMIT_FSIZE is an error, no signal, and leaves nothing") {
  const Folder folder;
  rlimit former;
  CHECK_EQUAL(::getrlimit(RLIMIT_FSIZE, &former), 0);
  for (const auto backend : backends) {
    for (const size_t limit : {5 * MiB, 20 * MiB + 100}) {  // in a block, and in the rest
      rlimit low = former;
      low.rlim_cur = limit;
      CHECK_EQUAL(::setrlimit(RLIMIT_FSIZE, &low), 0);
      Writing writing(folder.file(), {.backend = backend});
      const auto appended = writing.append(noise(20 * MiB + 5000));
      const auto finished = writing.writer->finish();
      CHECK_EQUAL(::setrlimit(RLIMIT_FSIZE, &former), 0);
      CHECK(finished.error().code == ErrorCode::write);
      CHECK_EQUAL(finished.error().sys_errno, EFBIG);
      CHECK(appended || appended.error().sys_errno == EFBIG);
      CHECK_EQUAL(folder.entries(), 0u);
    }
  }
}

TEST("a writer on a bad disk writes the same bytes, or gives a typed error and leaves nothing") {
  const Folder folder;
  const auto bytes = noise(21 * MiB + 777);
  for (const auto backend : backends) {
    for (const char* faults : {"short@2", "EINTR@3", "EAGAIN@2", "nodirect@5", "reorder@2", "delay:3@4",
                               "short@3,EINTR@5,EAGAIN@7,reorder@2,nodirect@11,delay:2@13"}) {
      Writing writing(folder.file(), {.backend = backend, .overwrite = true, .faults = faults});
      REQUIRE_OK(writing.append(bytes));
      const auto written = writing.writer->finish();
      REQUIRE_OK(written);
      CHECK_EQUAL(written.value().crc32c, zc::crc32c(bytes.data(), bytes.size()));
      CHECK(content(folder.file()) == bytes);
    }
    fs::remove(folder.file());
    Writing failing(folder.file(), {.backend = backend, .faults = "EIO[9437184+4096]"});
    const auto appended = failing.append(bytes);
    const auto finished = failing.writer->finish();
    CHECK(finished.error().code == ErrorCode::write);
    CHECK_EQUAL(finished.error().sys_errno, EIO);
    CHECK_EQUAL(finished.error().offset, 9437184);
    CHECK(appended || appended.error().sys_errno == EIO);
    CHECK_EQUAL(folder.entries(), 0u);
  }
}
