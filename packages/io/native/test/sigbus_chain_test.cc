// Others who want SIGBUS too, before us and after us: guarded maps keep their guard, and the rest goes to them.
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "../core/mapped_file.h"
#include "../core/unique_fd.h"
#include "child_process.h"
#include "harness.h"
#include "temp_file.h"

using zc::MappedFile;
using zc::test::noise;
using zc::test::run_child;
using zc::test::TempFile;

namespace {

constexpr size_t page = 4096;
using Handler = void (*)(int, siginfo_t*, void*);

struct sigaction install(Handler handler) {
  struct sigaction theirs = {};
  theirs.sa_sigaction = handler;
  theirs.sa_flags = SA_SIGINFO | SA_ONSTACK;
  struct sigaction before;
  CHECK_EQUAL(::sigaction(SIGBUS, &theirs, &before), 0);
  return before;
}

// A map whose file is cut: whoever touches it is answered with zeros, or has lost the guard.
struct CutMap {
  CutMap() : file(noise(4 * page)), map(MappedFile::open(file.path()).value()) {
    file.truncate(0);
    ::unlink(file.path().c_str());
  }
  bool reads_as_zeros() const { return *const_cast<const volatile std::byte*>(map->address()) == std::byte{0}; }
  TempFile file;
  std::shared_ptr<MappedFile> map;
};

// The same without a guard, for a fault that is none of ours.
volatile std::byte* foreign_hole() {
  const TempFile file(noise(page));
  const zc::UniqueFd fd(::open(file.path().c_str(), O_RDWR));
  void* address = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, fd.get(), 0);
  file.truncate(0);
  return static_cast<std::byte*>(address);
}

std::atomic<int> calls{0};
struct sigaction their_former = {};

void exit_seven(int, siginfo_t*, void*) { ::_exit(7); }
void count_and_return(int, siginfo_t*, void*) { calls++; }
// As Python's faulthandler does: puts back what was there, says what it has to say, and raises again.
void restore_and_raise(int signal, siginfo_t*, void*) {
  if (++calls > 1) ::_exit(9);
  ::sigaction(SIGBUS, &their_former, nullptr);
  ::raise(signal);
}
void call_former(int signal, siginfo_t* info, void* context) {
  if (++calls > 1) ::_exit(9);
  their_former.sa_sigaction(signal, info, context);
}
void mend(int, siginfo_t* info, void*) {
  calls++;
  ::mmap(info->si_addr, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
sigjmp_buf way_out;
void jump_out(int, siginfo_t*, void*) {
  calls++;
  siglongjmp(way_out, 1);
}

// Ours is installed by a first map, theirs after it, and ours again by whoever maps or reads next.
void displace(Handler theirs) {
  ::signal(SIGBUS, SIG_DFL);  // a sanitizer may have put its own handler there
  const CutMap first;
  CHECK(first.reads_as_zeros());
  their_former = install(theirs);
}

}  // namespace

CHILD(displaced_guard_is_renewed) {
  const CutMap old_one;
  displace(exit_seven);
  const CutMap new_one;
  CHECK(new_one.reads_as_zeros());
  CHECK(old_one.reads_as_zeros());
  install(exit_seven);
  CutMap third;
  install(exit_seven);
  CHECK(!third.map->populate(0, 4 * page).ok());  // which renews it as well
  *foreign_hole();
  return 50;
}

TEST("a handler that is installed after ours does not end the guard, and is told of what is not ours") {
  CHECK_EQUAL(run_child("displaced_guard_is_renewed").exit_code, 7);
}

CHILD(late_handler_that_raises) {
  displace(restore_and_raise);
  const CutMap guarded;
  CHECK(guarded.reads_as_zeros());
  *foreign_hole();
  return 50;
}

CHILD(late_handler_that_raises_when_sent) {
  displace(restore_and_raise);
  const CutMap guarded;
  ::raise(SIGBUS);
  return 50;
}

CHILD(late_handler_that_calls_the_former) {
  displace(call_former);
  const CutMap guarded;
  *foreign_hole();
  return 50;
}

CHILD(late_handler_that_only_returns) {
  displace(count_and_return);
  const CutMap guarded;
  *foreign_hole();
  return 50;
}

TEST("a late handler that hands the fault on is not asked for ever: the process ends by the signal") {
  for (const char* child : {"late_handler_that_raises", "late_handler_that_raises_when_sent",
                            "late_handler_that_calls_the_former", "late_handler_that_only_returns"}) {
    const auto end = run_child(child);
    CHECK_EQUAL(end.exit_code, -1);
    CHECK_EQUAL(end.signal, SIGBUS);
  }
}

CHILD(late_handler_that_mends) {
  displace(mend);
  const CutMap guarded;
  for (int i = 1; i <= 20; i++) {
    volatile std::byte* hole = foreign_hole();
    CHECK(*hole == std::byte{0});
    CHECK_EQUAL(calls.load(), i);
    ::munmap(const_cast<std::byte*>(hole), page);
  }
  CHECK(guarded.reads_as_zeros());
  return 0;
}

CHILD(late_handler_that_jumps_out) {
  std::vector<std::byte> stack(64 << 10);
  const stack_t alternative = {.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  CHECK_EQUAL(::sigaltstack(&alternative, nullptr), 0);
  displace(jump_out);
  const CutMap guarded;
  while (calls.load() < 20) {
    if (sigsetjmp(way_out, 1) != 0) continue;
    *foreign_hole();
    return 51;
  }
  CHECK(guarded.reads_as_zeros());
  return 0;
}

TEST("a late handler that mends its own faults, or leaves by longjmp, does so every time") {
  CHECK_EQUAL(run_child("late_handler_that_mends").exit_code, 0);
  CHECK_EQUAL(run_child("late_handler_that_jumps_out").exit_code, 0);
}

CHILD(sent_signals_reach_a_late_handler) {
  displace(count_and_return);
  const CutMap guarded;
  for (int i = 1; i <= 10; i++) {
    ::raise(SIGBUS);
    CHECK_EQUAL(calls.load(), i);
  }
  return 0;
}

TEST("signals that are sent reach a late handler each time") {
  CHECK_EQUAL(run_child("sent_signals_reach_a_late_handler").exit_code, 0);
}

CHILD(forks_while_others_map) {
  const TempFile file(noise(4 * page));
  std::atomic<bool> stop{false};
  std::thread mapper([&] {
    while (!stop.load()) (void)MappedFile::open(file.path());
  });
  const CutMap inherited;
  for (int i = 0; i < 200; i++) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      const CutMap own;
      ::_exit(own.reads_as_zeros() && inherited.reads_as_zeros() ? 0 : 1);
    }
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = true;
  mapper.join();
  return 0;
}

TEST("a child that is forked while another thread maps can map, and is guarded") {
  CHECK_EQUAL(run_child("forks_while_others_map").exit_code, 0);
}
